{{/* What a schema cannot say of one field or list: each refusal has the words of the API. */}}

{{- define "mlflow.checkFields" -}}
{{- $spec := . }}
{{- $names := list }}
{{- range .env }}
{{- if has .name $names }}{{ fail (printf "env: %s is there twice; keep one" .name) }}{{ end }}
{{- $names = append $names .name }}
{{- if eq .name "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE" }}{{ fail "setting the MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE environment variable is not allowed" }}{{ end }}
{{- if eq .name "MLFLOW_SERVER_ENABLE_JOB_EXECUTION" }}{{ fail "setting the MLFLOW_SERVER_ENABLE_JOB_EXECUTION environment variable is not allowed; the operator manages job execution lifecycle" }}{{ end }}
{{- if and (hasKey . "value") (hasKey . "valueFrom") }}{{ fail "env: a variable has both value and valueFrom; keep one" }}{{ end }}
{{- end }}
{{- range concat (default list .extraContainers) (default list .extraInitContainers) }}
{{- if has .name (list "mlflow" "ca-bundle-watcher" "combine-ca-bundles" "write-auth-config") }}{{ fail (printf "the name %s of extraContainers or extraInitContainers is taken by a container of the chart; choose another" .name) }}{{ end }}
{{- end }}
{{- range $field := list "podLabels" "nodeSelector" }}
{{- range $value := values (default dict (index $spec $field)) }}
{{- if gt (len $value) 63 }}{{ fail "label values must be 63 characters or less" }}{{ end }}
{{- end }}
{{- end }}
{{- range .resourceClaims }}
{{- if eq (empty .resourceClaimName) (empty .resourceClaimTemplateName) }}{{ fail "each resourceClaims entry must set exactly one non-empty value: resourceClaimName or resourceClaimTemplateName" }}{{ end }}
{{- end }}
{{- $claims := list }}
{{- range .resourceClaims }}{{ $claims = append $claims .name }}{{ end }}
{{- range (default dict .resources).claims }}
{{- if not (has .name $claims) }}{{ fail (printf "resources.claims: %s is not among resourceClaims; add it there, or take it out" .name) }}{{ end }}
{{- end }}
{{- range $field := list "networkPolicyEgressRules" "networkPolicyAdditionalEgressRules" }}
{{- range index $spec $field }}
{{- if and (empty .ports) (empty .to) }}{{ fail (printf "each %s entry must specify at least one port or one destination" $field) }}{{ end }}
{{- include "mlflow.checkPeers" .to }}
{{- range .ports }}
{{- if hasKey . "endPort" }}
{{- if not (and (hasKey . "port") (or (kindIs "int64" .port) (kindIs "float64" .port))) }}{{ include "mlflow.refuseRange" . }}{{ end }}
{{- if gt (int .port) (int .endPort) }}{{ include "mlflow.refuseRange" . }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- include "mlflow.checkPeers" .networkPolicyIngressFrom }}
{{- with .autoscaling }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}{{ fail "autoscaling.minReplicas must not be greater than autoscaling.maxReplicas; change one" }}{{ end }}
{{- end }}
{{- if hasKey . "podDisruptionBudget" }}
{{- if eq (hasKey .podDisruptionBudget "minAvailable") (hasKey .podDisruptionBudget "maxUnavailable") }}{{ fail "podDisruptionBudget must set exactly one of minAvailable and maxUnavailable" }}{{ end }}
{{- end }}
{{- $deadline := float64 (include "mlflow.seconds" .migration.activeDeadline) }}
{{- if or (lt $deadline 60.0) (gt $deadline 604800.0) }}{{ fail "migration.activeDeadline must be from 1m to 168h; change it" }}{{ end }}
{{- end }}

{{- define "mlflow.checkPeers" -}}
{{- range . }}
{{- if eq (hasKey . "ipBlock") (or (hasKey . "podSelector") (hasKey . "namespaceSelector")) }}{{ fail "one side of a rule is either ipBlock, or podSelector, namespaceSelector or both; keep one or the other" }}{{ end }}
{{- end }}
{{- end }}

{{- define "mlflow.refuseRange" -}}
{{- fail "endPort is the last port of a range, so port must be a number, and no greater one; change one" }}
{{- end }}

{{/* A duration such as 1h30m in seconds, with fractions. */}}
{{- define "mlflow.seconds" -}}
{{- $sum := 0.0 }}
{{- range regexFindAll "[0-9]+(ms|s|m|h)" . -1 }}
{{- $sum = addf $sum (mulf (float64 (regexFind "[0-9]+" .)) (get (dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0) (regexFind "[a-z]+" .))) }}
{{- end }}
{{- $sum }}
{{- end }}
