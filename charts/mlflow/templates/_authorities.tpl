{{/* Authorities to trust: those of the image, and those of ConfigMaps, combined into one file when a pod starts, and by a sidecar again whenever they change. */}}

{{/* Further places that certificates come from: {m, own}; own: the issuer of the server's own certificate, too, for pods that call the server. */}}
{{- define "mlflow.caSources" -}}
{{- $sources := list }}
{{- with .m.platform.caBundleConfigMap }}
{{- $sources = append $sources (dict "mountPath" "/etc/pki/tls/certs/platform" "volume" (include "mlflow.caConfigMap" . | fromJson)) }}
{{- end }}
{{- with .m.spec.caBundleConfigMap }}
{{- $sources = append $sources (dict "mountPath" "/etc/pki/tls/certs/custom" "volume" (include "mlflow.caConfigMap" .name | fromJson)) }}
{{- end }}
{{- if and .own .m.tlsSecret }}
{{- if and .m.platform.openshift (eq .m.spec.tls.mode "ServiceCA") }}
{{- $sources = append $sources (dict "mountPath" "/etc/pki/tls/certs/own" "volume" (include "mlflow.caConfigMap" "openshift-service-ca.crt" | fromJson)) }}
{{- else }}
{{- /* Never the key. What is missing is left out. */}}
{{- $items := list (dict "key" "ca.crt" "path" "ca.crt") (dict "key" "tls.crt" "path" "tls.crt") }}
{{- $sources = append $sources (dict "mountPath" "/etc/pki/tls/certs/own" "volume" (dict "secret" (dict "secretName" .m.tlsSecret "items" $items "defaultMode" 420 "optional" true))) }}
{{- end }}
{{- end }}
{{- toJson (dict "v" $sources) }}
{{- end }}

{{- define "mlflow.caConfigMap" -}}
{{- toJson (dict "configMap" (dict "name" . "defaultMode" 420 "optional" true)) }}
{{- end }}

{{- define "mlflow.caVolumes" -}}
{{- $volumes := list }}
{{- range $index, $source := (include "mlflow.caSources" . | fromJson).v }}
{{- $volumes = append $volumes (set $source.volume "name" (printf "ca-bundle-%d" $index)) }}
{{- end }}
{{- if $volumes }}{{ $volumes = append $volumes (dict "name" "combined-ca-bundle" "emptyDir" dict) }}{{ end }}
{{- toJson (dict "v" $volumes) }}
{{- end }}

{{- define "mlflow.caMounts" -}}
{{- $mounts := list }}
{{- if (include "mlflow.caSources" . | fromJson).v }}
{{- $mounts = append $mounts (dict "name" "combined-ca-bundle" "mountPath" "/etc/pki/tls/certs/combined" "readOnly" true) }}
{{- end }}
{{- toJson (dict "v" $mounts) }}
{{- end }}

{{/* Whether a database is spoken to with TLS is left to its URI; MySQL's driver insists on it as soon as it is given a file. */}}
{{- define "mlflow.caEnvironment" -}}
{{- $env := list }}
{{- if (include "mlflow.caSources" . | fromJson).v }}
{{- $names := list "SSL_CERT_FILE" "REQUESTS_CA_BUNDLE" "CURL_CA_BUNDLE" "AWS_CA_BUNDLE" "PGSSLROOTCERT" }}
{{- if .m.spec.caBundleConfigMap }}{{ $names = append $names "MLFLOW_MYSQL_SSL_CA" }}{{ end }}
{{- range $names }}{{ $env = append $env (dict "name" . "value" "/etc/pki/tls/certs/combined/ca-bundle.crt") }}{{ end }}
{{- $env = append $env (dict "name" "MLFLOW_S3_IGNORE_TLS" "value" "false") }}
{{- end }}
{{- toJson (dict "v" $env) }}
{{- end }}

{{/* The container that makes the file: {m, own, name, script, resources}; nothing where there is no source. */}}
{{- define "mlflow.caContainer" -}}
{{- $sources := (include "mlflow.caSources" . | fromJson).v }}
{{- if $sources }}
{{- $folders := list }}
{{- $mounts := list }}
{{- range $index, $source := $sources }}
{{- $folders = append $folders $source.mountPath }}
{{- $mounts = append $mounts (dict "name" (printf "ca-bundle-%d" $index) "mountPath" $source.mountPath "readOnly" true) }}
{{- end }}
- name: {{ .name }}
  {{- include "mlflow.containerImage" .m | nindent 2 }}
  command:
    - /bin/sh
    - -ec
    - {{ .script | quote }}
  env:
    - name: OUT
      value: /etc/pki/tls/certs/combined/ca-bundle.crt
    - name: FOLDERS
      value: {{ join " " $folders }}
  resources:
    {{- toYaml .resources | nindent 4 }}
  securityContext:
    {{- include "mlflow.securityContext" .m | nindent 4 }}
  volumeMounts:
    {{- toYaml (append $mounts (dict "name" "combined-ca-bundle" "mountPath" "/etc/pki/tls/certs/combined")) | nindent 4 }}
{{- end }}
{{- end }}

{{/* The init container, and the sidecar that makes it again: {m, own, root}. */}}
{{- define "mlflow.caInit" -}}
{{- include "mlflow.caContainer" (dict "m" .m "own" .own "name" "combine-ca-bundles" "script" (.root.Files.Get "files/combine-authorities.sh") "resources" (dict "requests" (dict "cpu" "10m" "memory" "16Mi") "limits" (dict "cpu" "100m" "memory" "64Mi"))) }}
{{- end }}

{{- define "mlflow.caWatcher" -}}
{{- include "mlflow.caContainer" (dict "m" .m "own" .own "name" "ca-bundle-watcher" "script" (.root.Files.Get "files/watch-authorities.sh") "resources" (dict "requests" (dict "cpu" "5m" "memory" "8Mi") "limits" (dict "cpu" "50m" "memory" "32Mi"))) }}
{{- end }}
