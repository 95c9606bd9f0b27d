{{/* The pod of the server. */}}

{{/* Ours win: the Deployment, the Service and policies select by them. */}}
{{- define "mlflow.serverPodLabels" -}}
{{- $ours := dict "app" .names.server "app.kubernetes.io/instance" .names.server "app.kubernetes.io/component" "server" "component" "mlflow" }}
{{- $ours = merge $ours (include "mlflow.parentLabel" . | fromYaml) }}
{{- if hasKey .spec "storage" }}{{ $ours = merge $ours (include "mlflow.sharedLabels" . | fromYaml) }}{{ end }}
{{- toYaml (merge $ours (default dict .spec.podLabels)) }}
{{- end }}

{{- define "mlflow.serverPodFields" -}}
serviceAccountName: {{ include "mlflow.serviceAccountName" . }}
# Its own token is for the Kubernetes plugin, which lists workspaces.
automountServiceAccountToken: {{ eq .spec.auth.mode "Kubernetes" }}
{{- include "mlflow.imagePullSecrets" . }}
securityContext:
  {{- include "mlflow.podSecurityContext" . | nindent 2 }}
{{- include "mlflow.placement" . }}
{{- with .spec.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  - {{ toYaml (set . "labelSelector" (dict "matchLabels" (dict "app" $.names.server))) | nindent 4 | trim }}
  {{- end }}
{{- end }}
{{- with .spec.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .spec.resourceClaims }}
resourceClaims:
  {{- toYaml (include "mlflow.given" (dict "v" .) | fromJson).v | nindent 2 }}
{{- end }}
{{- end }}

{{/* What runs before it: {m, root}. */}}
{{- define "mlflow.initContainers" -}}
{{- include "mlflow.caInit" . }}
{{- include "mlflow.authContainer" . }}
{{- range .m.spec.extraInitContainers }}
- {{ (include "mlflow.given" (dict "v" .) | fromJson).v | toYaml | nindent 2 | trim }}
{{- end }}
{{- end }}

{{- define "mlflow.serverContainer" -}}
{{- $env := (include "mlflow.serverEnvironment" . | fromJson).v }}
{{- $env = (include "mlflow.mergedEnvironment" (dict "ours" (concat $env (include "mlflow.authEnvironment" . | fromJson).v) "given" .spec.env "last" list) | fromJson).v }}
- name: mlflow
  {{- include "mlflow.containerImage" . | nindent 2 }}
  command:
    - mlflow
  args:
    {{- include "mlflow.serverArguments" . | nindent 4 }}
  env:
    {{- toYaml $env | nindent 4 }}
  {{- with (include "mlflow.environmentSources" . | fromJson).v }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - name: {{ .scheme }}
      containerPort: 8443
      protocol: TCP
  resources:
    {{- include "mlflow.resources" (dict "given" .spec.resources "defaults" (include "mlflow.serverResources" . | fromYaml)) | fromJson | toYaml | nindent 4 }}
  livenessProbe:
    {{- include "mlflow.probe" (dict "m" . "path" "/health" "initial" 30 "period" 10) | nindent 4 }}
  readinessProbe:
    {{- include "mlflow.probe" (dict "m" . "path" "/api/3.0/mlflow/server-info" "initial" 5 "period" 5) | nindent 4 }}
  securityContext:
    {{- include "mlflow.securityContext" . | nindent 4 }}
  volumeMounts:
    {{- toYaml (include "mlflow.serverMounts" . | fromJson).v | nindent 4 }}
  terminationMessagePolicy: FallbackToLogsOnError
{{- end }}

{{/* Where nothing is asked for. */}}
{{- define "mlflow.serverResources" -}}
requests:
  cpu: "1"
  memory: 2Gi
limits:
  cpu: "4"
  memory: 3Gi
{{- end }}

{{- define "mlflow.probe" -}}
httpGet:
  path: {{ .m.prefix }}{{ .path }}
  port: {{ .m.scheme }}
  scheme: {{ upper .m.scheme }}
initialDelaySeconds: {{ .initial }}
periodSeconds: {{ .period }}
timeoutSeconds: 1
failureThreshold: 3
{{- end }}

{{/* No address of a database stands in the command line, which more people read than an environment. */}}
{{- define "mlflow.serverArguments" -}}
- server
{{- if .spec.serveArtifacts }}
- --serve-artifacts
- {{ printf "--artifacts-destination=%s" (default "file:///mlflow/artifacts" .spec.artifactsDestination) | quote }}
{{- else }}
- --no-serve-artifacts
{{- end }}
{{- with .spec.defaultArtifactRoot }}
- {{ printf "--default-artifact-root=%s" . | quote }}
{{- end }}
{{- if eq .spec.auth.mode "Kubernetes" }}
- --app-name=kubernetes-auth
- --enable-workspaces
- --workspace-store-uri=kubernetes://
{{- else if eq .spec.auth.mode "Basic" }}
- --app-name=basic-auth
{{- end }}
- --host=0.0.0.0
- --port=8443
- --workers={{ int .spec.workers }}
- "--uvicorn-opts={{ if .tlsSecret }}--ssl-keyfile=/etc/tls/private/tls.key --ssl-certfile=/etc/tls/private/tls.crt {{ end }}--proxy-headers --forwarded-allow-ips=*"
- {{ printf "--allowed-hosts=%s" (include "mlflow.allowedHosts" .) | quote }}
- --static-prefix={{ .prefix }}
{{- if .hasMetrics }}
- --expose-prometheus=/prometheus
{{- end }}
{{- end }}

{{/* Whether a database is a file. */}}
{{- define "mlflow.hasFileStore" -}}
{{- $auth := ternary "" (default "" .spec.auth.databaseUri) (include "mlflow.isWhole" .spec.auth.databaseUriFrom | eq "true") }}
{{- $backend := ternary "" (default "" .spec.backendStoreUri) (include "mlflow.isWhole" .spec.backendStoreUriFrom | eq "true") }}
{{- $registry := ternary "" (default "" .spec.registryStoreUri) (include "mlflow.isWhole" .spec.registryStoreUriFrom | eq "true") }}
{{- or (hasPrefix "sqlite" $auth) (hasPrefix "sqlite" $backend) (hasPrefix "sqlite" $registry) }}
{{- end }}
