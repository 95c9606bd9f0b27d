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
{{- range $section := list "registries" "prometheus" }}
{{- range $name, $entry := index $.Values.poller.config $section }}
{{- include "sluice.checkCredentials" (dict "at" (printf "poller.config.%s.%s" $section $name) "entry" $entry) }}
{{- end }}
{{- end }}
{{- include "sluice.checkFiles" (dict "folder" "secrets" "value" "poller.secrets" "listed" .Values.poller.secrets "config" .Values.poller.config) }}
{{- include "sluice.checkFiles" (dict "folder" "configmaps" "value" "poller.configMaps" "listed" .Values.poller.configMaps "config" .Values.poller.config) }}
{{- end }}

{{/* The configuration becomes a ConfigMap, which is no place for a credential. */}}
{{- define "sluice.checkCredentials" -}}
{{- $auth := default dict .entry.auth }}
{{- range $way, $fields := dict "bearer" (list "token") "basic" (list "username" "password") }}
{{- $given := default dict (index $auth $way) }}
{{- range $field := $fields }}
{{- if and (hasKey $given $field) (ne $field "username") }}
{{- fail (printf "%s.auth.%s.%s: would be readable in a ConfigMap; put it into a Secret, list that in poller.secrets, and name /secrets/<secret>/<key> in %sFile" $.at $way $field $field) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A file that nobody mounts would be found missing only by the poller. */}}
{{- define "sluice.checkFiles" -}}
{{- range regexFindAll (printf "\"/%s/[^/\"]+/" .folder) (toJson .config) -1 }}
{{- $name := index (splitList "/" .) 2 }}
{{- if not (has $name $.listed) }}{{ fail (printf "poller.config names a file in /%s/%s, but %s does not list %s" $.folder $name $.value $name) }}{{ end }}
{{- end }}
{{- end }}
