{{/* Rules between fields of the spec: each refusal has the words that the API server has for an MLflow object. */}}

{{- define "mlflow.checks" -}}
{{- include "mlflow.checkRelease" . }}
{{- $spec := include "mlflow.spec" . | fromJson }}
{{- include "mlflow.checkFields" $spec }}
{{- include "mlflow.checkStores" $spec }}
{{- include "mlflow.checkPlaces" $spec }}
{{- include "mlflow.checkTasks" $spec }}
{{- include "mlflow.checkReach" $spec }}
{{- end }}

{{- define "mlflow.checkRelease" -}}
{{- $name := include "mlflow.name" . }}
{{- if gt (len $name) 40 }}{{ fail "MLflow resource name must be at most 40 characters to ensure generated resource names stay within Kubernetes 63-character limit" }}{{ end }}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" $name) }}{{ fail "metadata.name must consist of a-z, 0-9 and -, for it becomes part of a host name; choose one without dots" }}{{ end }}
{{- if regexMatch "^(claim|gc|metrics-monitor|pvc|sa|tls|trace-archival)(-|$)|^(edit|integration|view)$|(^|-)migration$" $name }}{{ fail "metadata.name must not be or begin with claim, gc, metrics-monitor, pvc, sa, tls or trace-archival, nor end with migration, nor be edit, integration or view, for what belongs to other servers has such names; choose another, such as ml-gc" }}{{ end }}
{{- with .Values.namespace }}
{{- if ne . $.Release.Namespace }}{{ fail (printf "namespace: says %s, but a chart puts everything into the namespace of its release; leave it out, and install with --namespace %s" . .) }}{{ end }}
{{- end }}
{{- with .Values.image }}
{{- if and .image (or .registry .repository .tag .digest) }}{{ fail "image.image: names the whole image, so image.registry, image.repository, image.tag and image.digest must be empty; keep one or the other" }}{{ end }}
{{- end }}
{{- end }}

{{- define "mlflow.checkStores" -}}
{{- $spec := . }}
{{- if not (or (hasKey . "defaultArtifactRoot") .serveArtifacts) }}{{ fail "defaultArtifactRoot must be set when serveArtifacts is not true" }}{{ end }}
{{- if and (hasPrefix "file://" (default "" .defaultArtifactRoot)) (not .serveArtifacts) }}{{ fail "serveArtifacts must be enabled when defaultArtifactRoot uses file-based storage (file:// prefix)" }}{{ end }}
{{- if not (or .backendStoreUri (include "mlflow.isWhole" .backendStoreUriFrom)) }}{{ fail "backendStoreUri or backendStoreUriFrom must be set" }}{{ end }}
{{- range $field := list "backendStoreUri" "readReplicaBackendStoreUri" "registryStoreUri" }}
{{- $from := printf "%sFrom" $field }}
{{- if and (hasKey $spec $field) (hasKey $spec $from) }}{{ fail (printf "%s and %s are mutually exclusive" $field $from) }}{{ end }}
{{- if and (ne $field "backendStoreUri") (hasKey $spec $from) (not (include "mlflow.isWhole" (index $spec $from))) }}{{ fail (printf "%s.name and %s.key must be non-empty when %s is set" $from $from $from) }}{{ end }}
{{- if and (hasKey $spec $field) (not (regexMatch "^(sqlite|postgresql|mysql)(://|\\+)" (index $spec $field))) }}{{ fail (printf "%s must use a supported SQL metadata store URI scheme" $field) }}{{ end }}
{{- end }}
{{- if and (not (hasKey . "artifactsDestination")) .serveArtifacts (not (hasKey . "storage")) }}{{ fail "artifactsDestination or storage must be set when serveArtifacts is true: without either, artifacts would go to file:///mlflow/artifacts on a read-only disk" }}{{ end }}
{{- if and (hasPrefix "file://" (default "" .artifactsDestination)) (not .serveArtifacts) }}{{ fail "serveArtifacts must be enabled when artifactsDestination uses file-based storage (file:// prefix)" }}{{ end }}
{{- if or (ne (int .replicas) 1) (hasKey . "autoscaling") }}
{{- if hasPrefix "sqlite" (default "" .backendStoreUri) }}{{ fail "replicas must be 1, without autoscaling, with a SQLite backend store: several servers would write one file; use PostgreSQL or MySQL for more" }}{{ end }}
{{- if hasPrefix "sqlite" (default "" .registryStoreUri) }}{{ fail "replicas must be 1, without autoscaling, with a SQLite registry store: several servers would write one file; use PostgreSQL or MySQL for more" }}{{ end }}
{{- if hasPrefix "sqlite" (default "" .auth.databaseUri) }}{{ fail "replicas must be 1, without autoscaling, with a SQLite database of users: several servers would write one file; use PostgreSQL or MySQL for more" }}{{ end }}
{{- end }}
{{- end }}

{{/* Whether a key of a Secret is named: empty means no. */}}
{{- define "mlflow.isWhole" -}}
{{- with . }}{{ if and .name .key }}true{{ end }}{{ end }}
{{- end }}

{{/* What lies on a volume needs one. */}}
{{- define "mlflow.checkPlaces" -}}
{{- if not (hasKey . "storage") }}
{{- if hasPrefix "sqlite" (default "" .backendStoreUri) }}{{ fail "storage must be configured when using file-based backend store (sqlite:// or file:// prefix)" }}{{ end }}
{{- if hasPrefix "sqlite" (default "" .readReplicaBackendStoreUri) }}{{ fail "storage must be configured when using a file-based read-replica backend store (sqlite:// prefix)" }}{{ end }}
{{- if hasPrefix "sqlite" (default "" .registryStoreUri) }}{{ fail "storage must be configured when using file-based registry store (sqlite:// or file:// prefix)" }}{{ end }}
{{- if hasPrefix "file://" (default "" .artifactsDestination) }}{{ fail "storage must be configured when artifactsDestination uses file-based storage (file:// prefix)" }}{{ end }}
{{- if hasPrefix "file://" (default "" .defaultArtifactRoot) }}{{ fail "storage must be configured when defaultArtifactRoot uses file-based storage (file:// prefix)" }}{{ end }}
{{- with .traceArchival }}{{ if hasPrefix "file://" (default "" .location) }}{{ fail "storage must be configured when traceArchival.location uses file-based storage (file:// prefix)" }}{{ end }}{{ end }}
{{- if hasPrefix "sqlite" (default "" .auth.databaseUri) }}{{ fail "storage must be configured when auth.databaseUri is a file (sqlite:// prefix)" }}{{ end }}
{{- else }}
{{- $requests := default dict (default dict .storage.resources).requests }}
{{- if and (hasKey .storage "accessMode") (hasKey .storage "accessModes") }}{{ fail "storage.accessMode and storage.accessModes are mutually exclusive; keep one" }}{{ end }}
{{- if and (hasKey .storage "size") (hasKey $requests "storage") }}{{ fail "storage.size and storage.resources.requests.storage are mutually exclusive; keep one" }}{{ end }}
{{- end }}
{{- end }}

{{- define "mlflow.checkTasks" -}}
{{- with .traceArchival }}
{{- if .enabled }}
{{- range $field := list "schedule" "location" "retention" }}
{{- if empty (index $.traceArchival $field) }}{{ fail (printf "traceArchival.%s is required when traceArchival.enabled is true" $field) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "mlflow.checkReach" -}}
{{- if regexMatch "^mlflow-(claim|gc-sa|trace-archival-sa)(-.*)?$" (default "" .serviceAccountName) }}{{ fail "serviceAccountName must not be or begin with mlflow-claim, mlflow-gc-sa or mlflow-trace-archival-sa, which are made for other pods; choose another" }}{{ end }}
{{- with .auth }}
{{- if and (eq .mode "Basic") (not (and .adminPasswordSecret .secretKeySecret (or (hasKey . "databaseUri") (hasKey . "databaseUriFrom")))) }}{{ fail "auth.mode Basic needs auth.adminPasswordSecret, auth.secretKeySecret, and auth.databaseUri or auth.databaseUriFrom; add what is missing" }}{{ end }}
{{- if and (hasKey . "databaseUri") (hasKey . "databaseUriFrom") }}{{ fail "auth.databaseUri and auth.databaseUriFrom are mutually exclusive" }}{{ end }}
{{- end }}
{{- with .tls }}
{{- if and (eq .mode "CertManager") (not .issuerRef) }}{{ fail "tls.mode CertManager needs tls.issuerRef; add it" }}{{ end }}
{{- end }}
{{- end }}
