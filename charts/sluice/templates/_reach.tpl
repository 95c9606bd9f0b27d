{{/*
Where the poller must get to, read off the addresses in its configuration: {namespaces: […], ports: […]} as JSON. A Service in the cluster is
reached on the ports of its pods, which its address does not tell, so its whole namespace is named; any other address has its own port.
*/}}
{{- define "sluice.reach" -}}
{{- $namespaces := .Values.networkPolicy.egress.namespaces }}
{{- $ports := list }}
{{- range $entry := concat (values .Values.poller.config.registries) (values .Values.poller.config.prometheus) }}
{{- $url := urlParse $entry.url }}
{{- if regexMatch "^[^.]+\\.[^.]+\\.svc(\\.|$)" $url.hostname }}
{{- $namespaces = append $namespaces (index (splitList "." $url.hostname) 1) }}
{{- else if not (contains "." $url.hostname) }}
{{- $namespaces = append $namespaces $.Release.Namespace }}
{{- else }}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) }}
{{- $ports = append $ports (int (default (ternary "443" "80" (eq $url.scheme "https")) $port)) }}
{{- end }}
{{- end }}
{{- dict "namespaces" (uniq $namespaces | sortAlpha) "ports" (uniq $ports) | toJson }}
{{- end }}
