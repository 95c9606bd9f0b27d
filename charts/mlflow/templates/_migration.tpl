{{/* What is done about the databases before an upgrade. */}}

{{/*
`migrate`, `look`, or empty for nothing: {m, root}. Migrated is only where a Deployment is seen that has no pods; whoever renders without the cluster sees none, and
only looks. Nothing is done where neither image nor databases change.
*/}}
{{- define "mlflow.migrationMode" -}}
{{- $migration := .m.spec.migration }}
{{- if $migration.enabled }}
{{- $found := lookup "apps/v1" "Deployment" .m.namespace .m.names.server }}
{{- if $migration.live }}migrate
{{- else if not $found }}look
{{- else }}
{{- $status := default dict $found.status }}
{{- if ne (int $found.spec.replicas) 0 }}
{{- $container := first $found.spec.template.spec.containers }}
{{- $databases := list }}
{{- range $container.env }}{{ if has .name (list "MLFLOW_BACKEND_STORE_URI" "MLFLOW_REGISTRY_STORE_URI") }}{{ $databases = append $databases . }}{{ end }}{{ end }}
{{- $wanted := concat (include "mlflow.backendVariable" .m | fromJson).v (include "mlflow.registryVariable" .m | fromJson).v }}
{{- if and (not .m.spec.stopped) (or (eq $migration.mode "Always") (ne $container.image .m.image) (ne (toJson $databases) (toJson $wanted))) }}
look
{{- end }}
{{- else if or $status.replicas $status.terminatingReplicas }}look
{{- else if not .m.spec.stopped }}migrate
{{- end }}
{{- end }}
{{- end }}
{{- end }}


