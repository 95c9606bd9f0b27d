{{/* What runs beside the server by a schedule: a CronJob made of the parts of the server's pod. */}}

{{/*
{m, name, component, account, when, deadline, command, args, env, mounts, volumes, init, resources}: lists but for `init`, which is text. `deadline`: seconds after
which a run is given up, for none begins before the last one has ended.
*/}}
{{- define "mlflow.task" -}}
{{- $spec := .m.spec }}
{{- /* A time zone in the schedule is refused by the API server, which has a field for it. */}}
{{- $zone := regexFind "^(CRON_)?TZ=[^ ]+" .when.schedule }}
{{- $mounted := list }}
{{- range .mounts }}{{ $mounted = append $mounted .name }}{{ end }}
{{- range fromYamlArray .init }}{{ range .volumeMounts }}{{ $mounted = append $mounted .name }}{{ end }}{{ end }}
{{- $volumes := list }}
{{- range .volumes }}{{ if has .name $mounted }}{{ $volumes = append $volumes . }}{{ end }}{{ end }}
apiVersion: batch/v1
kind: CronJob
metadata:
  {{- include "mlflow.metadata" (dict "m" .m "name" .name "app" .name "labels" (dict "app.kubernetes.io/component" .component)) | nindent 2 }}
spec:
  schedule: {{ regexReplaceAll "^(CRON_)?TZ=[^ ]+ +" .when.schedule "" | quote }}
  {{- with default (regexReplaceAll "^[^=]*=" $zone "") .when.timeZone }}
  timeZone: {{ . }}
  {{- end }}
  startingDeadlineSeconds: 3600
  concurrencyPolicy: Forbid
  suspend: {{ or .when.suspend .m.spec.stopped | default false }}
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 1
      activeDeadlineSeconds: {{ .deadline }}
      template:
        metadata:
          labels:
            app.kubernetes.io/managed-by: {{ .m.service }}
            {{- include "mlflow.parentLabel" .m | nindent 12 }}
            app: {{ .name }}
            # The server's: one NetworkPolicy is for both.
            app.kubernetes.io/instance: {{ .m.names.server }}
            app.kubernetes.io/component: {{ .component }}
            component: mlflow
            {{- with include "mlflow.sharedLabels" .m }}
            {{- . | nindent 12 }}
            {{- end }}
        spec:
          restartPolicy: Never
          serviceAccountName: {{ .account }}
          # The Kubernetes plugin lists workspaces, and shows the server the token.
          automountServiceAccountToken: {{ eq $spec.auth.mode "Kubernetes" }}
          {{- with include "mlflow.imagePullSecrets" .m | trim }}
          {{- . | nindent 10 }}
          {{- end }}
          securityContext:
            {{- include "mlflow.podSecurityContext" .m | nindent 12 }}
          {{- with include "mlflow.placement" .m | trim }}
          {{- . | nindent 10 }}
          {{- end }}
          {{- with trim .init }}
          initContainers:
            {{- . | nindent 12 }}
          {{- end }}
          containers:
            - name: {{ .component }}
              {{- include "mlflow.containerImage" .m | nindent 14 }}
              command:
                {{- toYaml .command | nindent 16 }}
              {{- with .args }}
              args:
                {{- toYaml . | nindent 16 }}
              {{- end }}
              env:
                {{- toYaml .env | nindent 16 }}
              {{- with (include "mlflow.environmentSources" .m | fromJson).v }}
              envFrom:
                {{- toYaml . | nindent 16 }}
              {{- end }}
              resources:
                {{- /* Claims of devices are the server's. */}}
                {{- include "mlflow.resources" (dict "given" (omit (default dict .resources) "claims") "defaults" (dict "requests" (dict "cpu" "100m" "memory" "256Mi") "limits" (dict "cpu" "500m" "memory" "512Mi"))) | fromJson | toYaml | nindent 16 }}
              securityContext:
                {{- include "mlflow.securityContext" .m | nindent 16 }}
              volumeMounts:
                {{- toYaml .mounts | nindent 16 }}
              terminationMessagePolicy: FallbackToLogsOnError
          volumes:
            {{- toYaml $volumes | nindent 12 }}
{{- end }}

{{/* Whom it is, with the annotations of the server's account, for clouds that give permissions by them: {m, name, account}. */}}
{{- define "mlflow.taskAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "mlflow.metadata" (dict "m" .m "name" .account "app" .name "annotations" .m.spec.serviceAccountAnnotations) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{/* Mounts of the server that are not for it alone: {m, also}; also: further ones by the names of their volumes. */}}
{{- define "mlflow.sharedMounts" -}}
{{- $names := concat (list "tmp" "mlflow-storage") .also }}
{{- range .m.spec.extraVolumeMounts }}{{ $names = append $names .name }}{{ end }}
{{- $mounts := list }}
{{- range (include "mlflow.mounts" .m | fromJson).v }}{{ if has .name $names }}{{ $mounts = append $mounts . }}{{ end }}{{ end }}
{{- toJson (dict "v" $mounts) }}
{{- end }}

{{/* The server's environment, as far as it is not for servers alone, and `own` beside it: {m, own}. Of one name there is one entry: that which is given, or the first. */}}
{{- define "mlflow.taskEnvironment" -}}
{{- $serverOnly := list "MLFLOW_SERVER_ENABLE_JOB_EXECUTION" "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS" "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE" "MLFLOW_K8S_AUTH_AUTHORIZATION_MODE" "UVICORN_SSL_CIPHERS" "MLFLOW_READ_REPLICA_BACKEND_STORE_URI" "POD_IP" }}
{{- $given := list }}
{{- range .m.spec.env }}{{ $given = append $given .name }}{{ end }}
{{- $env := list }}
{{- $names := list }}
{{- range (include "mlflow.serverEnvironment" .m | fromJson).v }}
{{- if or (has .name $given) (not (has .name $serverOnly)) }}
{{- $env = append $env . }}
{{- $names = append $names .name }}
{{- end }}
{{- end }}
{{- range .own }}{{ if not (has .name $names) }}{{ $env = append $env . }}{{ end }}{{ end }}
{{- toJson (dict "v" $env) }}
{{- end }}

{{/* What makes MLflow look into all workspaces, where the server has them. */}}
{{- define "mlflow.workspaceEnvironment" -}}
{{- $env := list }}
{{- if eq .spec.auth.mode "Kubernetes" }}{{ $env = list (dict "name" "MLFLOW_ENABLE_WORKSPACES" "value" "true") (dict "name" "MLFLOW_WORKSPACE_STORE_URI" "value" "kubernetes://") }}{{ end }}
{{- toJson (dict "v" $env) }}
{{- end }}

{{/* Of garbage collection, which calls the server. */}}
{{- define "mlflow.collectionEnvironment" -}}
{{- $own := (include "mlflow.workspaceEnvironment" . | fromJson).v }}
{{- $own = append $own (dict "name" "MLFLOW_TRACKING_URI" "value" (printf "%s://%s.%s.svc:8443%s" .scheme .names.server .namespace .prefix)) }}
{{- $own = append $own (dict "name" "MLFLOW_TRACKING_INSECURE_TLS" "value" "false") }}
{{- if eq .spec.auth.mode "Kubernetes" }}{{ $own = append $own (dict "name" "MLFLOW_TRACKING_AUTH" "value" "kubernetes") }}{{ end }}
{{- if eq .spec.auth.mode "Basic" }}
{{- $own = append $own (dict "name" "MLFLOW_TRACKING_USERNAME" "value" "admin") }}
{{- $own = concat $own (include "mlflow.storeVariable" (dict "name" "MLFLOW_TRACKING_PASSWORD" "from" .spec.auth.adminPasswordSecret) | fromJson).v }}
{{- end }}
{{- $own = concat $own (include "mlflow.caEnvironment" (dict "m" . "own" true) | fromJson).v }}
{{- $env := list }}
{{- range (include "mlflow.taskEnvironment" (dict "m" . "own" $own) | fromJson).v }}{{ if ne .name "MLFLOW_TRACE_ARCHIVAL_CONFIG" }}{{ $env = append $env . }}{{ end }}{{ end }}
{{- toJson (dict "v" $env) }}
{{- end }}
