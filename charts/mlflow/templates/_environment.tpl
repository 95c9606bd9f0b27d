{{/* Variables. Lists travel as JSON: {"v": [...]}. */}}

{{/* Ours with those given among them at the end, and `last` after both; of one name there is one entry, that which is given: {ours, given, last}. */}}
{{- define "mlflow.mergedEnvironment" -}}
{{- $mine := list }}
{{- $names := list }}
{{- range .given }}
{{- $names = append $names .name }}
{{- $entry := dict "name" .name }}
{{- if .value }}{{ $_ := set $entry "value" .value }}
{{- else if and .valueFrom (not (hasKey . "value")) }}{{ $_ := set $entry "valueFrom" (include "mlflow.variableSource" .valueFrom | fromJson) }}
{{- end }}
{{- $mine = append $mine $entry }}
{{- end }}
{{- $list := list }}
{{- range .ours }}{{ if not (has .name $names) }}{{ $list = append $list . }}{{ end }}{{ end }}
{{- $list = concat $list $mine }}
{{- range .last }}{{ if not (has .name $names) }}{{ $list = append $list . }}{{ end }}{{ end }}
{{- toJson (dict "v" $list) }}
{{- end }}

{{/* With what the API server would fill in. */}}
{{- define "mlflow.variableSource" -}}
{{- if .secretKeyRef }}{{ toJson (dict "secretKeyRef" .secretKeyRef) }}
{{- else if .configMapKeyRef }}{{ toJson (dict "configMapKeyRef" .configMapKeyRef) }}
{{- else if .fieldRef }}{{ toJson (dict "fieldRef" (dict "apiVersion" (default "v1" .fieldRef.apiVersion) "fieldPath" .fieldRef.fieldPath)) }}
{{- else if .resourceFieldRef }}
{{- $ref := dict "resource" .resourceFieldRef.resource "divisor" (default "0" .resourceFieldRef.divisor) }}
{{- with .resourceFieldRef.containerName }}{{ $_ := set $ref "containerName" . }}{{ end }}
{{- toJson (dict "resourceFieldRef" $ref) }}
{{- else }}{}
{{- end }}
{{- end }}

{{/* A variable with an address of a database, or none: {name, value, from}. */}}
{{- define "mlflow.storeVariable" -}}
{{- if include "mlflow.isWhole" .from }}{{ toJson (dict "v" (list (dict "name" .name "valueFrom" (dict "secretKeyRef" .from)))) }}
{{- else if .value }}{{ toJson (dict "v" (list (dict "name" .name "value" .value))) }}
{{- else }}{{ toJson (dict "v" list) }}
{{- end }}
{{- end }}

{{/* The database of experiments. */}}
{{- define "mlflow.backendVariable" -}}
{{- include "mlflow.storeVariable" (dict "name" "MLFLOW_BACKEND_STORE_URI" "value" .spec.backendStoreUri "from" .spec.backendStoreUriFrom) }}
{{- end }}

{{/* That of registered models, which is the same unless another is named. */}}
{{- define "mlflow.registryVariable" -}}
{{- $own := include "mlflow.storeVariable" (dict "name" "MLFLOW_REGISTRY_STORE_URI" "value" .spec.registryStoreUri "from" .spec.registryStoreUriFrom) }}
{{- if (fromJson $own).v }}{{ $own }}
{{- else }}{{ include "mlflow.storeVariable" (dict "name" "MLFLOW_REGISTRY_STORE_URI" "value" .spec.backendStoreUri "from" .spec.backendStoreUriFrom) }}
{{- end }}
{{- end }}

{{/* The environment of the server, and of whatever works for it with its databases. */}}
{{- define "mlflow.serverEnvironment" -}}
{{- $ours := list (dict "name" "POD_IP" "valueFrom" (dict "fieldRef" (dict "apiVersion" "v1" "fieldPath" "status.podIP"))) }}
{{- $ours = append $ours (dict "name" "MLFLOW_DISABLE_TELEMETRY" "value" "true") }}
{{- $ours = append $ours (dict "name" "MLFLOW_SERVER_ENABLE_JOB_EXECUTION" "value" "false") }}
{{- if include "mlflow.isArchiving" . }}{{ $ours = append $ours (dict "name" "MLFLOW_TRACE_ARCHIVAL_CONFIG" "value" "/etc/mlflow/trace-archival.yaml") }}{{ end }}
{{- $ours = concat $ours (include "mlflow.backendVariable" . | fromJson).v }}
{{- $ours = concat $ours (include "mlflow.storeVariable" (dict "name" "MLFLOW_READ_REPLICA_BACKEND_STORE_URI" "value" .spec.readReplicaBackendStoreUri "from" .spec.readReplicaBackendStoreUriFrom) | fromJson).v }}
{{- $ours = concat $ours (include "mlflow.registryVariable" . | fromJson).v }}
{{- if eq .spec.auth.mode "Kubernetes" }}{{ $ours = append $ours (dict "name" "MLFLOW_K8S_AUTH_AUTHORIZATION_MODE" "value" "self_subject_access_review") }}{{ end }}
{{- $ours = append $ours (dict "name" "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS" "value" (include "mlflow.allowedOrigins" .)) }}
{{- if eq .spec.auth.mode "Kubernetes" }}{{ $ours = concat $ours (include "mlflow.selectorVariable" . | fromJson).v }}{{ end }}
{{- $last := list }}
{{- if .platform.openshift }}{{ $last = append $last (dict "name" "UVICORN_SSL_CIPHERS" "value" "PROFILE=SYSTEM") }}{{ end }}
{{- $last = append $last (dict "name" "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE" "value" "false") }}
{{- $last = concat $last (include "mlflow.caEnvironment" (dict "m" .) | fromJson).v }}
{{- include "mlflow.mergedEnvironment" (dict "ours" $ours "given" .spec.env "last" $last) }}
{{- end }}

{{- define "mlflow.isArchiving" -}}
{{- with .spec.traceArchival }}{{ if .enabled }}true{{ end }}{{ end }}
{{- end }}

{{/* Whole Secrets and ConfigMaps as variables. */}}
{{- define "mlflow.environmentSources" -}}
{{- $sources := list }}
{{- range .spec.envFrom }}
{{- $source := dict }}
{{- with .prefix }}{{ $_ := set $source "prefix" . }}{{ end }}
{{- if .secretRef }}{{ $_ := set $source "secretRef" .secretRef }}
{{- else if .configMapRef }}{{ $_ := set $source "configMapRef" .configMapRef }}
{{- end }}
{{- if $source }}{{ $sources = append $sources $source }}{{ end }}
{{- end }}
{{- toJson (dict "v" $sources) }}
{{- end }}

{{/* Origins that browsers may call from. */}}
{{- define "mlflow.allowedOrigins" -}}
{{- $origins := list }}
{{- range .hosts }}
{{- if not (hasSuffix (printf ".%s" $.namespace) .) }}{{ $origins = append $origins (printf "%s://%s:8443" $.scheme .) }}{{ end }}
{{- end }}
{{- $origins = concat $origins (list "localhost:*" "127.0.0.1:*") }}
{{- with .externalBase }}{{ $origins = append $origins (regexFind "^[^/]*//[^/]*" .) }}{{ end }}
{{- range .spec.extraAllowedOrigins }}
{{- $origin := trim . }}
{{- if and $origin (not (contains "," $origin)) }}{{ $origins = append $origins $origin }}{{ end }}
{{- end }}
{{- $origins | uniq | join "," }}
{{- end }}

{{/* Names under which the server may be called: MLflow refuses others. The pod's address is among them, for the kubelet and Prometheus call that. */}}
{{- define "mlflow.allowedHosts" -}}
{{- $hosts := list }}
{{- range .hosts }}{{ $hosts = concat $hosts (list . (printf "%s:8443" .)) }}{{ end }}
{{- with .externalBase }}
{{- $outside := regexReplaceAll "^[^/]*//([^/]*).*$" . "${1}" }}
{{- $hosts = concat $hosts (list $outside (regexReplaceAll ":[0-9]+$" $outside "")) }}
{{- end }}
{{- $hosts = concat $hosts (list "localhost" "localhost:*" "127.0.0.1" "127.0.0.1:*" "$(POD_IP)" "$(POD_IP):8443" "[$(POD_IP)]:8443") }}
{{- range .spec.extraAllowedHosts }}
{{- $host := trim . }}
{{- if and $host (not (contains "," $host)) (not (regexMatch "^\\*+(:\\*+)?$" $host)) }}{{ $hosts = append $hosts $host }}{{ end }}
{{- end }}
{{- $hosts | uniq | join "," }}
{{- end }}

{{/* Which namespaces are workspaces, as MLflow's Kubernetes plugin takes it. */}}
{{- define "mlflow.selectorVariable" -}}
{{- $parts := list }}
{{- with .spec.workspaceLabelSelector }}
{{- range $key, $value := .matchLabels }}{{ $parts = append $parts (printf "%s\x01%s=%s" $key $key $value) }}{{ end }}
{{- range .matchExpressions }}
{{- $values := printf "(%s)" (default list .values | sortAlpha | join ",") }}
{{- if and (eq .operator "In") .values }}{{ $parts = append $parts (printf "%s\x01%s in %s" .key .key $values) }}
{{- else if and (eq .operator "NotIn") .values }}{{ $parts = append $parts (printf "%s\x01%s notin %s" .key .key $values) }}
{{- else if and (eq .operator "Exists") (not .values) }}{{ $parts = append $parts (printf "%s\x01%s" .key .key) }}
{{- else if and (eq .operator "DoesNotExist") (not .values) }}{{ $parts = append $parts (printf "%s\x01!%s" .key .key) }}
{{- else }}{{ fail (printf "workspaceLabelSelector: the operator of %s must be In or NotIn, with values, or Exists or DoesNotExist, without" .key) }}
{{- end }}
{{- end }}
{{- end }}
{{- $texts := list }}
{{- range sortAlpha $parts }}{{ $texts = append $texts (regexReplaceAll "^[^\x01]*\x01" . "") }}{{ end }}
{{- if $texts }}{{ toJson (dict "v" (list (dict "name" "MLFLOW_K8S_WORKSPACE_LABEL_SELECTOR" "value" (join "," $texts)))) }}
{{- else }}{{ toJson (dict "v" list) }}
{{- end }}
{{- end }}
