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

{{- define "nundb.selector" -}}
app.kubernetes.io/name: {{ include "nundb.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
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
