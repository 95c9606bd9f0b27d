{{/* What routes lead to. */}}

{{- define "mlflow.backendRefs" -}}
- group: ""
  kind: Service
  name: {{ .names.server }}
  port: 8443
  weight: 1
{{- end }}

{{/* By the tag of the image, where that is a version of MLflow: that of the image with the Kubernetes plugin is the plugin's. */}}
{{- define "mlflow.tracesAtTop" -}}
{{- $image := regexReplaceAll "@.*$" .image "" }}
{{- $tag := regexFind ":v?[0-9]+\\.[0-9]+[^/:]*$" $image }}
{{- if and $tag (not (regexMatch "(^|/)mlflow-integration:" $image)) }}
{{- $parts := regexReplaceAll "^:v?" $tag "" | splitList "." }}
{{- $major := int (first $parts) }}
{{- $minor := int (regexFind "^[0-9]+" (index $parts 1)) }}
{{- if or (lt $major 3) (and (eq $major 3) (lt $minor 16)) }}true{{ end }}
{{- end }}
{{- end }}
