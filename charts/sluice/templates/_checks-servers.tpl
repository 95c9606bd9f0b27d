{{/*
A server in poller.config: {at, entry, poller}. The configuration becomes a ConfigMap, which is no place for a credential, so it is refused here, not
only by the poller, which would find it when everybody can read it. No refusal repeats what it refuses.
*/}}
{{- define "sluice.checkServer" -}}
{{- if hasKey .entry "url" }}{{ include "sluice.checkUrl" . }}{{ end }}
{{- include "sluice.checkHeaders" . }}
{{- include "sluice.checkRoots" . }}
{{- $auth := default dict .entry.auth }}
{{- range $way, $field := dict "bearer" "token" "basic" "password" }}
{{- if hasKey (default dict (index $auth $way)) $field }}
{{- fail (printf "%s.auth.%s.%s: would be readable in a ConfigMap; put it into a Secret, list that in poller.secrets, and name /secrets/<secret>/<key> in %sFile" $.at $way $field $field) }}
{{- end }}
{{- end }}
{{- range $way := list "bearer" "basic" }}
{{- range $field, $value := default dict (index $auth $way) }}
{{- if hasSuffix "File" $field }}{{ include "sluice.checkFile" (dict "at" (printf "%s.auth.%s.%s" $.at $way $field) "file" $value "poller" $.poller) }}{{ end }}
{{- end }}
{{- end }}
{{- with .entry.caFile }}
{{- /* The authority of the API server is mounted beside the token, which nobody else may get. */}}
{{- if ne . "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt" }}{{ include "sluice.checkFile" (dict "at" (printf "%s.caFile" $.at) "file" . "poller" $.poller) }}{{ end }}
{{- end }}
{{- end }}

{{- define "sluice.checkUrl" -}}
{{- $url := .entry.url }}
{{- if not (regexMatch "(?i)^https?://" $url) }}{{ fail (printf "%s.url: must begin with http:// or https://, like http://mlflow.mlflow.svc:5000" .at) }}{{ end }}
{{- if regexMatch "(?i)^https?:/*[^/?#]*@" $url }}{{ fail (printf "%s.url: holds a user name or password, which would be readable in a ConfigMap; take it out, and name files of a Secret in auth.basic or auth.bearer" .at) }}{{ end }}
{{- if regexMatch "[?#]" $url }}{{ fail (printf "%s.url: must not have a query or a fragment; it is the base of all requests" .at) }}{{ end }}
{{- if not (regexMatch "(?i)^https?://[^/\\s\\\\]+(/[^\\s\\\\]*)?$" $url) }}{{ fail (printf "%s.url: is not a URL; write it like http://mlflow.mlflow.svc:5000" .at) }}{{ end }}
{{- with .entry.artifactsDestination }}
{{- if or (regexMatch "^[^:]+://[^/]*:[^/]*@" .) (regexMatch "(?i)^https?:/*[^/?#]*@" .) }}{{ fail (printf "%s.artifactsDestination: must hold no credentials; models get theirs from a Secret" $.at) }}{{ end }}
{{- end }}
{{- end }}

{{- define "sluice.checkRoots" -}}
{{- range $index, $root := default list .entry.artifactRoots }}
{{- if or (regexMatch "^[^:]+://[^/]*:[^/]*@" $root) (regexMatch "(?i)^https?:/*[^/?#]*@" $root) }}{{ fail (printf "%s.artifactRoots: must hold no credentials; they say where models lie, and nothing else" $.at) }}{{ end }}
{{- if regexMatch "(?i)(^|/)\\.{1,2}(;[^/]*)?(/|$)|%(2e|2f|5c|25)" $root }}{{ fail (printf "%s.artifactRoots[%d]: must be a plain URI such as s3://bucket or s3://bucket/path, without .., %%2e, \\\\, ? and #" $.at $index) }}{{ end }}
{{- end }}
{{- end }}

{{- define "sluice.checkHeaders" -}}
{{- range $name, $value := default dict .entry.headers }}
{{- if or (regexMatch "(?i)authorization|cookie|token|secret|passw|api-?key|access-?key|credential|session|signature|jwt|-key$|-auth$" $name) (regexMatch "(?i)^\\s*(basic|bearer)\\s" $value) }}
{{- fail (printf "%s.headers.%s: looks like a credential, which would be readable in a ConfigMap; send it by auth.bearer.tokenFile or auth.basic.passwordFile, as a file of a Secret, or let a proxy add it" $.at $name) }}
{{- end }}
{{- end }}
{{- end }}

{{/* A file that nobody mounts would be found missing only by the poller: {at, file, poller}. */}}
{{- define "sluice.checkFile" -}}
{{- $parts := splitList "/" .file }}
{{- $mounted := list }}
{{- range .poller.extraVolumeMounts }}{{ $mounted = append $mounted .mountPath }}{{ end }}
{{- range .poller.secrets }}{{ $mounted = append $mounted (printf "/secrets/%s" .) }}{{ end }}
{{- range .poller.configMaps }}{{ $mounted = append $mounted (printf "/configmaps/%s" .) }}{{ end }}
{{- $found := false }}
{{- range $mounted }}{{ if hasPrefix (printf "%s/" .) $.file }}{{ $found = true }}{{ end }}{{ end }}
{{- if or (not $found) (has ".." $parts) }}
{{- fail (printf "%s: is a file that is not mounted; /secrets/<name>/<key> of a Secret that poller.secrets lists is, /configmaps/<name>/<key> of a ConfigMap that poller.configMaps lists, and what is below poller.extraVolumeMounts" .at) }}
{{- end }}
{{- end }}
