{{/* Names, labels, and what several objects must agree on. */}}

{{- define "sluice.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* A release that is called like the chart is not named twice. */}}
{{- define "sluice.fullname" -}}
{{- $name := include "sluice.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What selectors go by: a Deployment's selector can never change. */}}
{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ include "sluice.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sluice.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "sluice.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "sluice.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "sluice.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}
{{- else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end }}
{{- end }}
{{- end }}

{{/*
What Metacontroller asks for and the hooks answer to: the release, and a checksum once images, token, TLS, variables, registries or platform of the hooks are not
those of the release. A change makes Metacontroller sync everything anew, and hooks of before and after never answer alternately. A digest is the same image wherever
it is; a tag is not.
*/}}
{{- define "sluice.v" -}}
{{- $changed := dict }}
{{- with .Values.image }}
{{- if .digest }}{{ $_ := set $changed "image" .digest }}
{{- else if or (ne .repository "sluice") (and .tag (ne .tag $.Chart.AppVersion)) }}{{ $_ := set $changed "image" (include "sluice.image" $) }}
{{- end }}
{{- end }}
{{- with .Values.hooks.env }}{{ $_ := set $changed "env" . }}{{ end }}
{{- with include "sluice.runtimeImages" . }}{{ $_ := set $changed "runtimes" . }}{{ end }}
{{- with include "sluice.registries" . }}{{ $_ := set $changed "registries" . }}{{ end }}
{{- with include "sluice.platform" . }}{{ $_ := set $changed "platform" . }}{{ end }}
{{- with include "sluice.tokenSecret" . }}{{ $_ := set $changed "token" (printf "%s/%s" . (include "sluice.acceptedKey" $)) }}{{ end }}
{{- with include "sluice.hooksTls" . }}{{ $_ := set $changed "tls" . }}{{ end }}
{{- if .Values.hooks.v }}
{{- .Values.hooks.v }}
{{- else if $changed }}
{{- printf "%s-%s" .Chart.AppVersion ($changed | toJson | sha256sum | trunc 10) }}
{{- else }}
{{- .Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* The images of runtimes that are not those of the release, as JSON; empty where all are. */}}
{{- define "sluice.runtimeImages" -}}
{{- $images := dict }}
{{- range $name, $image := .Values.runtimes.images }}{{ if $image }}{{ $_ := set $images $name $image }}{{ end }}{{ end }}
{{- if $images }}{{ toJson $images }}{{ end }}
{{- end }}

{{/* What the hooks are told of images, as JSON: their own, for Jobs, and those of runtimes, as far as they are not those of the release. */}}
{{- define "sluice.images" -}}
{{- $images := dict }}
{{- $own := include "sluice.image" . }}
{{- if ne $own (printf "sluice:%s" .Chart.AppVersion) }}{{ $_ := set $images "jobs" $own }}{{ end }}
{{- with include "sluice.runtimeImages" . }}{{ $_ := set $images "runtimes" (fromJson .) }}{{ end }}
{{- if $images }}{{ toJson $images }}{{ end }}
{{- end }}

{{/*
What the hooks are told of the poller's registry entries, as JSON: who may do what with each, and no address. Empty where there is none yet. All MLflow objects are
one entry, *, which has workspaces where the poller's own default has.
*/}}
{{- define "sluice.registries" -}}
{{- $registries := dict }}
{{- range $name, $entry := .Values.poller.config.registries }}{{ $_ := set $registries $name (pick $entry "namespaces" "workspaces" "artifactRoots") }}{{ end }}
{{- $servers := .Values.poller.config.mlflowServers }}
{{- if or $registries $servers }}{{ $_ := set $registries "*" (merge (pick $servers "namespaces" "workspaces" "artifactRoots") (dict "workspaces" (list "" "{namespace}"))) }}{{ end }}
{{- if $registries }}{{ toJson $registries }}{{ end }}
{{- end }}

{{/* How names of the ClusterRoles for MLflow's users begin. */}}
{{- define "sluice.mlflowPrefix" -}}
{{- if hasKey .Values.platform "clusterRolePrefix" }}{{ .Values.platform.clusterRolePrefix }}{{ else }}{{ include "sluice.fullname" . }}-{{ end }}
{{- end }}

{{/* What the hooks are told of the cluster around MLflow servers, as JSON; empty where it is plain Kubernetes. */}}
{{- define "sluice.platform" -}}
{{- $platform := deepCopy .Values.platform }}
{{- if .Values.openshift.enabled }}{{ $_ := set $platform "openshift" true }}{{ end }}
{{- if and .Values.platform.namespaceAccess (ne (include "sluice.mlflowPrefix" .) "sluice-") }}{{ $_ := set $platform "clusterRolePrefix" (include "sluice.mlflowPrefix" .) }}{{ end }}
{{- if $platform }}{{ toJson $platform }}{{ end }}
{{- end }}

{{/* The namespace of MLflow servers that name none, as the hooks have it. */}}
{{- define "sluice.mlflowNamespace" -}}
{{- $namespaces := (include "sluice.accessData" . | fromYaml).mlflow.namespaces }}
{{- default (index $namespaces (default "kubernetes" .Values.platform.mode)) .Values.platform.namespace }}
{{- end }}

{{/* Whether hooks run here, and whether they speak https: empty means no. */}}
{{- define "sluice.hooksHere" -}}
{{- if not .Values.hooks.url }}true{{ end }}
{{- end }}

{{- define "sluice.hooksTls" -}}
{{- if and .Values.hooks.tls.enabled (not .Values.hooks.url) }}true{{ end }}
{{- end }}

{{/* Service meshes are told by appProtocol: the port is called the same with and without TLS, so that the Service always finds it in old and new pods. */}}
{{- define "sluice.hooksScheme" -}}
{{- if include "sluice.hooksTls" . }}https{{ else }}http{{ end }}
{{- end }}

{{- define "sluice.hooksUrl" -}}
{{- if .Values.hooks.url }}
{{- trimSuffix "/" .Values.hooks.url }}
{{- else }}
{{- printf "%s://%s.%s.svc:8080" (include "sluice.hooksScheme" .) (include "sluice.fullname" .) .Release.Namespace }}
{{- end }}
{{- end }}

{{- define "sluice.hooksTlsSecret" -}}
{{- default (printf "%s-hooks-tls" (include "sluice.fullname" .)) .Values.hooks.tls.existingSecret }}
{{- end }}

{{- define "sluice.webhookTlsSecret" -}}
{{- default (printf "%s-webhook-tls" (include "sluice.fullname" .)) .Values.poller.webhook.tlsSecret }}
{{- end }}

{{/* The Secret with the hooks' token; empty means no token. */}}
{{- define "sluice.tokenSecret" -}}
{{- with .Values.hooks.token }}
{{- if .existingSecret }}{{ .existingSecret }}
{{- else if .generate }}{{ include "sluice.fullname" $ }}-hooks-token
{{- end }}
{{- end }}
{{- end }}

{{/* Its key with the tokens that the hooks accept. */}}
{{- define "sluice.acceptedKey" -}}
{{- default .Values.hooks.token.key .Values.hooks.token.acceptedKey }}
{{- end }}

{{/* The authority of the hooks' certificate, as Metacontroller is told; empty means that of its system. */}}
{{- define "sluice.caBundle" -}}
{{- with .Values.hooks.tls }}
{{- if .caBundle }}
inline: |
  {{- .caBundle | trim | nindent 2 }}
{{- else if and .caKey (or (include "sluice.hooksTls" $) (and $.Values.hooks.url .existingSecret)) }}
secretRef:
  name: {{ include "sluice.hooksTlsSecret" $ }}
  namespace: {{ $.Release.Namespace }}
  key: {{ .caKey }}
{{- end }}
{{- end }}
{{- end }}

{{/* The address that both programs listen on, as a variable. */}}
{{- define "sluice.listen" -}}
{{- with .Values.listen }}
- name: HOST
  value: {{ . | quote }}
{{- end }}
{{- end }}

{{- define "sluice.accessData" -}}
{{ .Files.Get "files/access.yaml" }}
{{- end }}

{{/* Whether a child kind is switched on: <capability>.enabled; those without a capability always are. */}}
{{- define "sluice.enabled" -}}
{{- if not .capability }}true
{{- else if not (hasKey .values .capability) }}{{ fail (printf "there is no value %s.enabled" .capability) }}
{{- else if (index .values .capability).enabled }}true
{{- end }}
{{- end }}
