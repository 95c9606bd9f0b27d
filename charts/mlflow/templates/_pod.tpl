{{/* What the pod of the server is made of, and whatever works for it with its databases and files. */}}

{{- define "mlflow.containerImage" -}}
image: {{ .image | quote }}
{{- with .spec.image.imagePullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- end }}

{{- define "mlflow.securityContext" -}}
{{- $given := (include "mlflow.given" (dict "v" (default dict .spec.securityContext)) | fromJson).v }}
{{- toYaml (default (dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL"))) $given) }}
{{- end }}

{{- define "mlflow.podSecurityContext" -}}
{{- $given := (include "mlflow.given" (dict "v" (default dict .spec.podSecurityContext)) | fromJson).v }}
{{- $default := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") }}
{{- /* Images of MLflow name no user, so that they would run as root, and be refused; and a new volume is root's. OpenShift says both itself, and refuses to be told. */}}
{{- if not .platform.openshift }}
{{- $default = merge $default (dict "runAsUser" 1000 "runAsGroup" 1000) }}
{{- if hasKey .spec "storage" }}{{ $default = merge $default (dict "fsGroup" 1000 "fsGroupChangePolicy" "OnRootMismatch") }}{{ end }}
{{- end }}
{{- toYaml (default $default $given) }}
{{- end }}

{{- define "mlflow.serviceAccountName" -}}
{{- default .names.serviceAccount .spec.serviceAccountName }}
{{- end }}

{{/* All volumes of the server. */}}
{{- define "mlflow.volumes" -}}
{{- $volumes := list (dict "name" "tmp" "emptyDir" (dict "sizeLimit" .spec.temporaryStorage.sizeLimit)) }}
{{- if hasKey .spec "storage" }}{{ $volumes = append $volumes (dict "name" "mlflow-storage" "persistentVolumeClaim" (dict "claimName" .names.claim)) }}{{ end }}
{{- /* OpenShift gives the volume to the pod's group; elsewhere the server, which is not root, must be able to read its key: 0640 and 0644. */}}
{{- with .tlsSecret }}{{ $volumes = append $volumes (dict "name" "mlflow-tls" "secret" (dict "secretName" . "defaultMode" (ternary 416 420 $.platform.openshift))) }}{{ end }}
{{- $volumes = concat $volumes (include "mlflow.caVolumes" (dict "m" .) | fromJson).v }}
{{- if .hasMetrics }}{{ $volumes = append $volumes (dict "name" "metrics" "emptyDir" (dict "sizeLimit" "100Mi")) }}{{ end }}
{{- if include "mlflow.isArchiving" . }}{{ $volumes = append $volumes (dict "name" "trace-archival-config" "configMap" (dict "name" .names.traceArchivalConfig "defaultMode" 420)) }}{{ end }}
{{- range .spec.extraVolumes }}{{ $volumes = append $volumes (include "mlflow.given" (dict "v" .) | fromJson).v }}{{ end }}
{{- include "mlflow.unique" (dict "list" $volumes "key" "name") }}
{{- end }}

{{/* The mounts of its container. */}}
{{- define "mlflow.mounts" -}}
{{- $mounts := list (dict "name" "tmp" "mountPath" "/tmp") }}
{{- if hasKey .spec "storage" }}{{ $mounts = append $mounts (dict "name" "mlflow-storage" "mountPath" "/mlflow") }}{{ end }}
{{- if .tlsSecret }}{{ $mounts = append $mounts (dict "name" "mlflow-tls" "mountPath" "/etc/tls/private" "readOnly" true) }}{{ end }}
{{- $mounts = concat $mounts (include "mlflow.caMounts" (dict "m" .) | fromJson).v }}
{{- if .hasMetrics }}{{ $mounts = append $mounts (dict "name" "metrics" "mountPath" "/prometheus") }}{{ end }}
{{- if include "mlflow.isArchiving" . }}{{ $mounts = append $mounts (dict "name" "trace-archival-config" "mountPath" "/etc/mlflow" "readOnly" true) }}{{ end }}
{{- range .spec.extraVolumeMounts }}{{ $mounts = append $mounts (include "mlflow.given" (dict "v" .) | fromJson).v }}{{ end }}
{{- include "mlflow.unique" (dict "list" $mounts "key" "mountPath") }}
{{- end }}

{{- define "mlflow.accessModes" -}}
{{- $modes := default (list (default "ReadWriteOnce" .accessMode)) .accessModes }}
{{- toJson (dict "v" $modes) }}
{{- end }}

{{/* The volume is where the pod that came first is, so the others have to go there. */}}
{{- define "mlflow.sharedLabels" -}}
{{- if hasKey .spec "storage" }}sluice.dev/source: {{ .names.claim }}{{ end }}
{{- end }}

{{/* Where pods run: nodeSelector, tolerations, and affinity with the volume. */}}
{{- define "mlflow.placement" -}}
{{- $affinity := (include "mlflow.given" (dict "v" (default dict .spec.affinity)) | fromJson).v }}
{{- if hasKey .spec "storage" }}
{{- if not (has "ReadWriteMany" (include "mlflow.accessModes" .spec.storage | fromJson).v) }}
{{- $beside := dict "labelSelector" (dict "matchLabels" (merge (include "mlflow.parentLabel" . | fromYaml) (include "mlflow.sharedLabels" . | fromYaml))) "topologyKey" "kubernetes.io/hostname" }}
{{- $near := default dict $affinity.podAffinity }}
{{- $_ := set $near "requiredDuringSchedulingIgnoredDuringExecution" (append (default list $near.requiredDuringSchedulingIgnoredDuringExecution) $beside) }}
{{- $_ := set $affinity "podAffinity" $near }}
{{- end }}
{{- end }}
{{- with .spec.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .spec.tolerations }}
tolerations:
  {{- toYaml (include "mlflow.given" (dict "v" .) | fromJson).v | nindent 2 }}
{{- end }}
{{- with $affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "mlflow.imagePullSecrets" -}}
{{- with .spec.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
