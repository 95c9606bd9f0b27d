{{/* What all templates start from, as JSON: the spec with its defaults, names, and the addresses of the server. */}}

{{/* The values as the spec of an MLflow object: with a database and a volume where there is no database, and groups that are there with their defaults. */}}
{{- define "mlflow.spec" -}}
{{- $spec := .Values | toJson | fromJson }}
{{- if and .Values.standalone.backendStoreUri (not (hasKey $spec "backendStoreUri")) (not (hasKey $spec "backendStoreUriFrom")) }}
{{- $_ := set $spec "backendStoreUri" .Values.standalone.backendStoreUri }}
{{- if not (hasKey $spec "storage") }}{{ $_ := set $spec "storage" (dict "size" .Values.standalone.storage) }}{{ end }}
{{- end }}
{{- range $group, $defaults := .Files.Get "files/groups.yaml" | fromYaml }}
{{- if hasKey $spec $group }}
{{- range $field, $value := $defaults }}
{{- if not (hasKey (index $spec $group) $field) }}{{ $_ := set (index $spec $group) $field $value }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson $spec }}
{{- end }}

{{/* As operators have it in the setting PLATFORM, with what follows from its mode. */}}
{{- define "mlflow.platform" -}}
{{- $platform := .Values.platform | toJson | fromJson }}
{{- range $field, $value := index (.Files.Get "files/modes.yaml" | fromYaml) $platform.mode }}
{{- if not (index $platform $field) }}{{ $_ := set $platform $field $value }}{{ end }}
{{- end }}
{{- if .Values.openshift.enabled }}{{ $_ := set $platform "openshift" true }}{{ end }}
{{- toJson $platform }}
{{- end }}

{{- define "mlflow.context" -}}
{{- $spec := include "mlflow.spec" . | fromJson }}
{{- $names := include "mlflow.names" . | fromJson }}
{{- $server := $names.server }}
{{- $m := dict "spec" $spec "names" $names "namespace" .Release.Namespace "platform" (include "mlflow.platform" . | fromJson) "commonLabels" .Values.commonLabels }}
{{- $_ := set $m "chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63) }}
{{- $_ := set $m "service" .Release.Service }}
{{- $_ := set $m "scheme" (ternary "http" "https" (eq $spec.tls.mode "Off")) }}
{{- $_ := set $m "tlsSecret" (ternary "" (default $names.tlsSecret $spec.tls.secretName) (eq $spec.tls.mode "Off")) }}
{{- $_ := set $m "hosts" (list $server (printf "%s.%s" $server .Release.Namespace) (printf "%s.%s.svc" $server .Release.Namespace) (printf "%s.%s.svc.cluster.local" $server .Release.Namespace)) }}
{{- $_ := set $m "prefix" (printf "/%s" $server) }}
{{- $_ := set $m "can" (dict "metrics" .Values.prometheusOperator.enabled "HTTPRoute" .Values.gatewayApi.enabled "VirtualService" .Values.istio.enabled "Ingress" true "None" false "certificates" .Values.certManager.enabled "links" .Values.openshift.enabled) }}
{{- $_ := set $m "hasMetrics" (and $spec.serviceMonitor.enabled $m.can.metrics (ne $spec.auth.mode "Basic")) }}
{{- $_ := set $m "image" (include "mlflow.image" (dict "image" $spec.image "default" $m.platform.image)) }}
{{- $_ := set $m "externalBase" (include "mlflow.externalBase" $m) }}
{{- toJson $m }}
{{- end }}

{{/* The image: as `image.image` names it, or the default with the parts that `image` names: {image, default}. */}}
{{- define "mlflow.image" -}}
{{- $parts := splitList "/" .default }}
{{- $last := last $parts }}
{{- $own := .image }}
{{- if $own.image }}{{ $own.image }}
{{- else if or $own.registry $own.repository $own.tag $own.digest }}
{{- $hasRegistry := and (gt (len $parts) 1) (regexMatch "[.:]|^localhost$" (first $parts)) }}
{{- $registry := default (ternary (first $parts) "" $hasRegistry) $own.registry }}
{{- $path := join "/" (ternary (rest $parts) $parts $hasRegistry) }}
{{- $repository := default (regexReplaceAll "[:@][^/]*$" $path "") $own.repository }}
{{- $tag := default (trimPrefix ":" (regexFind ":.+$" (regexReplaceAll "@.*$" $last ""))) $own.tag }}
{{- with $registry }}{{ . }}/{{ end }}{{ $repository }}
{{- if $own.digest }}@{{ $own.digest }}{{ else if $tag }}:{{ $tag }}{{ else }}{{ regexFind "@.*$" $last }}{{ end }}
{{- else }}{{ .default }}
{{- end }}
{{- end }}

{{/* What leads to the server from outside, without a slash at its end; empty where no route leads to it, or nobody has said under which name. */}}
{{- define "mlflow.externalBase" -}}
{{- $ingress := .spec.ingress }}
{{- if index .can $ingress.mode }}
{{- $configured := regexReplaceAll "/+$" (default "" .platform.externalUrl) "" }}
{{- $parts := splitList "/" $configured }}
{{- $authority := "" }}
{{- if gt (len $parts) 2 }}{{ $authority = index $parts 2 }}{{ end }}
{{- if or (not $ingress.host) (eq (regexReplaceAll ":[0-9]+$" $authority "") $ingress.host) }}{{ $configured }}
{{- else if eq $ingress.mode "Ingress" }}{{ ternary "https" "http" (not (empty $ingress.tlsSecretName)) }}://{{ $ingress.host }}
{{- else }}{{ default "https:" (first $parts) }}//{{ $ingress.host }}
{{- end }}
{{- end }}
{{- end }}

{{/* Labels of an object of the chart: {m, app, labels}. */}}
{{- define "mlflow.labels" -}}
{{- $ours := dict "helm.sh/chart" .m.chart "app.kubernetes.io/managed-by" .m.service "app" (default .m.names.server .app) "component" "mlflow" }}
{{- toYaml (merge (deepCopy (default dict .labels)) $ours (include "mlflow.parentLabel" .m | fromYaml) .m.commonLabels) }}
{{- end }}

{{/* Whose it is, as the operator writes it: selectors go by it. */}}
{{- define "mlflow.parentLabel" -}}
sluice.dev/parent: mlflow.{{ .names.object }}
{{- end }}

{{/* Metadata of a namespaced object: {m, name, app, labels, annotations}. */}}
{{- define "mlflow.metadata" -}}
name: {{ .name }}
namespace: {{ .m.namespace }}
labels:
  {{- include "mlflow.labels" . | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The same of an object without a namespace. */}}
{{- define "mlflow.clusterMetadata" -}}
name: {{ .name }}
labels:
  {{- include "mlflow.labels" . | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
