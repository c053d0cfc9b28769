{{- define "nundb.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "nundb.fullname" -}}
{{- $name := include "nundb.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{/* The ports at which nodes may be: a URL without one has that of its scheme. */}}
{{- define "nundb.ports" -}}
{{- $ports := list .Values.nundb.port }}
{{- range .Values.nundb.nodes }}
{{- $usual := get (dict "http" 80 "https" 443 "ws" 80 "wss" 443 "tcp" 3014) (splitList "://" . | first) }}
{{- $port := regexFind "^[^/]*:[0-9]+(/|$)" (splitList "://" . | last) | trimSuffix "/" | splitList ":" | last }}
{{- $ports = append $ports (default $usual $port) }}
{{- end }}
{{- range .Values.nundb.allow }}
{{- $ports = append $ports (splitList ":" . | last) }}
{{- end }}
{{- $numbers := list }}
{{- range concat $ports .Values.networkPolicy.ports }}
{{- $numbers = append $numbers (int . | toString) }}
{{- end }}
{{- $numbers | uniq | sortAlpha | join " " }}
{{- end }}

{{- define "nundb.selector" -}}
app.kubernetes.io/name: {{ include "nundb.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "nundb.labels" -}}
{{ include "nundb.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "nundb.account" -}}
{{ default (ternary (include "nundb.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "nundb.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end -}}
{{- end }}

{{/* Where the password is: a Secret that is there, or the chart's own. */}}
{{- define "nundb.secret" -}}
{{- if .Values.nundb.existingSecret -}}
{{ .Values.nundb.existingSecret }}
{{- else if .Values.nundb.password -}}
{{ include "nundb.fullname" . }}
{{- else -}}
{{ fail "The password is missing: set nundb.existingSecret to the name of a Secret that has it" }}
{{- end -}}
{{- end }}

{{- define "nundb.job" -}}
{{ default (include "nundb.fullname" .) .Values.monitor.jobName }}
{{- end }}

{{/* Scheme of the exporter's own port: with a web configuration it is TLS, and the probes of the pod can only dial. */}}
{{- define "nundb.scheme" -}}
{{ ternary "https" "http" (ne .Values.webConfigSecret "") }}
{{- end }}
