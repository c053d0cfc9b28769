{{/* What values.schema.json cannot say, because it is about several values, or about the name of the release. */}}
{{- define "nundb.checks" -}}
{{- with .Values }}
{{- $name := include "nundb.fullname" $ }}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) }}
{{- fail (printf "A Service cannot be named %s, as it would be for this release: set fullnameOverride" $name) }}
{{- end }}
{{- if and .nundb.existingSecret .nundb.password }}
{{- fail "nundb.existingSecret and nundb.password are both set: unset the one that is not meant" }}
{{- end }}
{{- if and .nundb.databases (not .nundb.existingSecret) }}
{{- fail "nundb.databases needs nundb.existingSecret: the tokens are in that Secret" }}
{{- end }}
{{- $isAlone := eq (len .nundb.nodes) 1 }}
{{- $isScraped := or .serviceMonitor.enabled .podMonitor.enabled }}
{{- if and .serviceMonitor.enabled .podMonitor.enabled }}
{{- fail "serviceMonitor and podMonitor would scrape each pod twice: enable one" }}
{{- end }}
{{- if and .probe.enabled .scrapeConfig.enabled }}
{{- fail "probe and scrapeConfig would scrape each node twice: enable one" }}
{{- end }}
{{- if and $isAlone $isScraped (or .probe.enabled .scrapeConfig.enabled) }}
{{- fail "With one node in nundb.nodes, serviceMonitor and podMonitor show it already, and probe or scrapeConfig would once more: enable one of them" }}
{{- end }}
{{- if and $isAlone $isScraped (gt (int .replicas) 1) }}
{{- fail "With one node in nundb.nodes, each of several replicas would be a node to the rules: enable probe in place of serviceMonitor or podMonitor, or set replicas to 1" }}
{{- end }}
{{- $interval := include "nundb.milliseconds" .monitor.interval | int }}
{{- $timeout := include "nundb.milliseconds" .monitor.scrapeTimeout | int }}
{{- if or (lt $timeout 1) (gt $timeout $interval) }}
{{- fail (printf "monitor.scrapeTimeout, %s, must be more than nothing and no longer than monitor.interval, %s" .monitor.scrapeTimeout .monitor.interval) }}
{{- end }}
{{- range $value, $labels := dict "podLabels" .podLabels "monitor.labels" .monitor.labels "prometheusRule.labels" .prometheusRule.labels "dashboards.labels" .dashboards.labels }}
{{- range $label := include "nundb.labels" $ | fromYaml | keys | sortAlpha }}
{{- if hasKey $labels $label }}
{{- fail (printf "%s has %s, which the chart sets: leave it out" $value $label) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "nundb.milliseconds" -}}
{{- $sum := 0 }}
{{- range regexFindAll "[0-9]+[a-z]+" . -1 }}
{{- $unit := regexFind "[a-z]+" . }}
{{- $sum = add $sum (mul (trimSuffix $unit . | int) (get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) $unit)) }}
{{- end }}
{{- $sum }}
{{- end }}
