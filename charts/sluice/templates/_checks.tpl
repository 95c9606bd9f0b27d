{{/* What a schema cannot say of the values. Every refusal names the value and the remedy. */}}

{{- define "sluice.checks" -}}
{{- with .Values.hooks }}
{{- if and .token.existingSecret .token.generate }}{{ fail "hooks.token: has both existingSecret and generate; keep one" }}{{ end }}
{{- if and .token.acceptedKey (not .token.existingSecret) }}{{ fail "hooks.token.acceptedKey: needs existingSecret, a Secret that has both keys" }}{{ end }}
{{- if not .token.key }}{{ fail "hooks.token.key: must not be empty" }}{{ end }}
{{- if and .url (not .v) }}{{ fail "hooks.url: needs hooks.v, the HOOKS_V of the hooks there; without it they answer 429 to everything" }}{{ end }}
{{- if and .url .tls.enabled }}{{ fail "hooks.tls.enabled: is for hooks of this chart; with hooks.url write https:// there, and the authority into hooks.tls.caBundle" }}{{ end }}
{{- if and .tls.enabled (not .tls.existingSecret) (not $.Values.certManager.issuer.name) }}{{ fail "hooks.tls: needs existingSecret, or certManager.issuer.name to have a certificate made" }}{{ end }}
{{- end }}
{{- with .Values.poller.webhook }}
{{- if and .enabled (not .secretName) }}{{ fail "poller.webhook: needs secretName, the Secret with the secret that the webhook was created with in MLflow" }}{{ end }}
{{- if and .enabled (not .secretKey) }}{{ fail "poller.webhook.secretKey: must not be empty" }}{{ end }}
{{- if and .enabled (not .tlsSecret) (not $.Values.certManager.issuer.name) }}{{ fail "poller.webhook: needs tlsSecret, or certManager.issuer.name to have a certificate made; MLflow calls https only" }}{{ end }}
{{- end }}
{{- with .Values.podDisruptionBudget }}
{{- if and .enabled (gt (int $.Values.replicas) 1) (ge (int .minAvailable) (int $.Values.replicas)) }}{{ fail "podDisruptionBudget.minAvailable: must be less than replicas, or no node could be drained" }}{{ end }}
{{- end }}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) }}{{ fail "serviceAccount.create: is false, so serviceAccount.name must name the one that is there; default would give the poller's rights to every pod that has none of its own" }}{{ end }}
{{- if and .Values.platform.namespaceAccess (not .Values.mlflow.roles) (not (hasKey .Values.platform "clusterRolePrefix")) }}{{ fail "platform.namespaceAccess: binds the ClusterRoles mlflow-view and mlflow-edit; set mlflow.roles, or name those that are there by platform.clusterRolePrefix" }}{{ end }}
{{- range $section := list "registries" "prometheus" }}
{{- range $name, $entry := index $.Values.poller.config $section }}
{{- include "sluice.checkServer" (dict "at" (printf "poller.config.%s.%s" $section $name) "entry" $entry "poller" $.Values.poller) }}
{{- end }}
{{- end }}
{{- include "sluice.checkServer" (dict "at" "poller.config.mlflowServers" "entry" .Values.poller.config.mlflowServers "poller" .Values.poller) }}
{{- with .Values.poller.config.mlflowServers }}
{{- if and (or .caSecrets .references) (not $.Values.mlflow.references) }}{{ fail "poller.config.mlflowServers: caSecrets and references need rights: name the Secrets and ConfigMaps in mlflow.references" }}{{ end }}
{{- end }}
{{- if and .Values.mlflow.references (not (or .Values.poller.config.mlflowServers.caSecrets .Values.poller.config.mlflowServers.references)) }}{{ fail "mlflow.references: gives rights that nothing uses; set poller.config.mlflowServers.references, caSecrets, or both" }}{{ end }}
{{- end }}
