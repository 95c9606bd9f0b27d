{{/* Names and places: those that the MLflow object of this name would have. */}}

{{- define "mlflow.name" -}}
{{- default .Release.Name .Values.nameOverride }}
{{- end }}

{{/* `<base>` for the name mlflow, else `<base>-<name>`, cut to `longest` characters and told apart by six digits of its hash: {base, name, longest}. */}}
{{- define "mlflow.named" -}}
{{- $full := ternary .base (printf "%s-%s" .base .name) (eq .name "mlflow") }}
{{- $longest := int (default 63 .longest) }}
{{- if le (len $full) $longest }}{{ $full }}
{{- else }}{{ regexReplaceAll "-+$" (substr 0 (sub $longest 7 | int) $full) "" }}-{{ $full | toJson | sha256sum | trunc 6 }}
{{- end }}
{{- end }}

{{/* All names, as JSON. */}}
{{- define "mlflow.names" -}}
{{- $name := include "mlflow.name" . }}
{{- $names := dict "object" $name }}
{{- range $key, $base := dict
  "server" "mlflow"
  "serviceAccount" "mlflow-sa"
  "claim" "mlflow-pvc"
  "tlsSecret" "mlflow-tls"
  "monitor" "mlflow-metrics-monitor"
  "traceArchivalAccount" "mlflow-trace-archival-sa"
  "traceArchivalConfig" "mlflow-trace-archival-config"
  "garbageCollectionAccount" "mlflow-gc-sa"
}}
{{- $_ := set $names $key (include "mlflow.named" (dict "base" $base "name" $name)) }}
{{- end }}
{{- /* A CronJob's pods get eleven characters more than its name has. */}}
{{- range $key, $base := dict "garbageCollection" "mlflow-gc" "traceArchival" "mlflow-trace-archival" }}
{{- $_ := set $names $key (include "mlflow.named" (dict "base" $base "name" $name "longest" 52)) }}
{{- end }}
{{- $_ := set $names "migrationPolicy" (printf "%s-migration" $names.server) }}
{{- $_ := set $names "migration" (printf "%s-migration" $names.server) }}
{{- toJson $names }}
{{- end }}
