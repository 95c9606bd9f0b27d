{{/* Users and passwords of MLflow's own. Their database is named in a file only, so an init container writes that, from a variable. */}}

{{- define "mlflow.authEnvironment" -}}
{{- $env := list }}
{{- with .spec.auth }}
{{- if eq .mode "Basic" }}
{{- $env = append $env (dict "name" "MLFLOW_AUTH_CONFIG_PATH" "value" "/etc/mlflow-auth/basic_auth.ini") }}
{{- $env = concat $env (include "mlflow.storeVariable" (dict "name" "MLFLOW_AUTH_ADMIN_PASSWORD" "from" .adminPasswordSecret) | fromJson).v }}
{{- $env = concat $env (include "mlflow.storeVariable" (dict "name" "MLFLOW_FLASK_SERVER_SECRET_KEY" "from" .secretKeySecret) | fromJson).v }}
{{- end }}
{{- end }}
{{- toJson (dict "v" $env) }}
{{- end }}

{{/* In memory: it holds a password. */}}
{{- define "mlflow.serverVolumes" -}}
{{- $volumes := (include "mlflow.volumes" . | fromJson).v }}
{{- if eq .spec.auth.mode "Basic" }}{{ $volumes = append $volumes (dict "name" "auth-config" "emptyDir" (dict "medium" "Memory" "sizeLimit" "1Mi")) }}{{ end }}
{{- include "mlflow.unique" (dict "list" $volumes "key" "name") }}
{{- end }}

{{- define "mlflow.serverMounts" -}}
{{- $mounts := (include "mlflow.mounts" . | fromJson).v }}
{{- if eq .spec.auth.mode "Basic" }}{{ $mounts = append $mounts (dict "name" "auth-config" "mountPath" "/etc/mlflow-auth" "readOnly" true) }}{{ end }}
{{- include "mlflow.unique" (dict "list" $mounts "key" "mountPath") }}
{{- end }}

{{/* {m, root} */}}
{{- define "mlflow.authContainer" -}}
{{- $auth := .m.spec.auth }}
{{- if eq $auth.mode "Basic" }}
{{- $env := list (dict "name" "MLFLOW_AUTH_CONFIG_PATH" "value" "/etc/mlflow-auth/basic_auth.ini") (dict "name" "MLFLOW_AUTH_DEFAULT_PERMISSION" "value" $auth.defaultPermission) }}
{{- $env = concat $env (include "mlflow.storeVariable" (dict "name" "MLFLOW_AUTH_DATABASE_URI" "value" $auth.databaseUri "from" $auth.databaseUriFrom) | fromJson).v }}
- name: write-auth-config
  {{- include "mlflow.containerImage" .m | nindent 2 }}
  command:
    - /bin/sh
    - -ec
    - {{ .root.Files.Get "files/write-auth-config.sh" | quote }}
  env:
    {{- toYaml $env | nindent 4 }}
  resources:
    requests:
      cpu: 10m
      memory: 16Mi
    limits:
      cpu: 100m
      memory: 64Mi
  securityContext:
    {{- include "mlflow.securityContext" .m | nindent 4 }}
  volumeMounts:
    - name: auth-config
      mountPath: /etc/mlflow-auth
{{- end }}
{{- end }}
