{{/* The container of the hooks. It gets no token of the API server, no credentials and no configuration file. */}}

{{- define "sluice.hooks" -}}
name: hooks
image: {{ include "sluice.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command: [node, hooks/main.ts]
env:
  - name: HOOKS_V
    value: {{ include "sluice.v" . | quote }}
  - name: LOG_LEVEL
    value: {{ .Values.hooks.logLevel }}
  # New calls are sent away with 429 for so long after SIGTERM, while the Service still sends them; so there is no preStop hook.
  - name: DRAIN_SECONDS
    value: {{ .Values.hooks.drainSeconds | quote }}
  {{- with include "sluice.registries" . }}
  # They believe no fact that goes beyond it.
  - name: REGISTRIES
    value: {{ . | quote }}
  {{- end }}
  {{- with include "sluice.images" . }}
  # Of the pods that they ask for.
  - name: IMAGES
    value: {{ . | quote }}
  {{- end }}
  {{- with include "sluice.platform" . }}
  # Around MLflow servers.
  - name: PLATFORM
    value: {{ . | quote }}
  {{- end }}
  {{- if include "sluice.tokenSecret" . }}
  - name: HOOK_TOKEN_FILE
    value: /hooks/token/{{ include "sluice.acceptedKey" . }}
  {{- end }}
  {{- if include "sluice.hooksTls" . }}
  - name: TLS_CERT_FILE
    value: /hooks/tls/tls.crt
  - name: TLS_KEY_FILE
    value: /hooks/tls/tls.key
  {{- end }}
  {{- include "sluice.listen" . | nindent 2 }}
  {{- with .Values.hooks.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - name: hooks
    containerPort: 8080
    protocol: TCP
readinessProbe:
  httpGet:
    path: /readyz
    port: hooks
    scheme: {{ include "sluice.hooksScheme" . | upper }}
  periodSeconds: 2
livenessProbe:
  httpGet:
    path: /healthz
    port: hooks
    scheme: {{ include "sluice.hooksScheme" . | upper }}
  failureThreshold: 6
resources:
  {{- toYaml .Values.hooks.resources | nindent 2 }}
securityContext:
  {{- include "sluice.locked" . | nindent 2 }}
{{- if or (include "sluice.tokenSecret" .) (include "sluice.hooksTls" .) }}
volumeMounts:
  {{- if include "sluice.tokenSecret" . }}
  - name: hooks-token
    mountPath: /hooks/token
    readOnly: true
  {{- end }}
  {{- if include "sluice.hooksTls" . }}
  - name: hooks-tls
    mountPath: /hooks/tls
    readOnly: true
  {{- end }}
{{- end }}
{{- end }}

{{/* Nothing of this can be switched off by a value. */}}
{{- define "sluice.locked" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end }}

{{- define "sluice.hooksVolumes" -}}
{{- with include "sluice.tokenSecret" . }}
- name: hooks-token
  secret:
    secretName: {{ . }}
    defaultMode: 288 # 0440, which some readers of YAML take for 440
{{- end }}
{{- if include "sluice.hooksTls" . }}
- name: hooks-tls
  secret:
    secretName: {{ include "sluice.hooksTlsSecret" . }}
    defaultMode: 288 # 0440, which some readers of YAML take for 440
{{- end }}
{{- end }}
