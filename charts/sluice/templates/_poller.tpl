{{/* The container of the poller: the only one with a token of the API server and with credentials. */}}

{{- define "sluice.poller" -}}
name: poller
image: {{ include "sluice.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# Memory before speed: docs/performance.md has what it makes of ten thousand objects.
command: [node, --optimize-for-size, poller/main.ts]
env:
  - name: SLUICE_CONFIG
    value: /etc/sluice/config.yaml
  - name: POD_NAME
    valueFrom:
      fieldRef:
        apiVersion: v1
        fieldPath: metadata.name
  - name: POD_NAMESPACE
    valueFrom:
      fieldRef:
        apiVersion: v1
        fieldPath: metadata.namespace
  - name: LOG_LEVEL
    value: {{ .Values.poller.logLevel }}
  {{- with .Values.watchNamespace }}
  - name: NAMESPACE
    value: {{ . | quote }}
  {{- end }}
  {{- if .Values.poller.webhook.enabled }}
  - name: WEBHOOK_TLS_CERT_FILE
    value: /webhook/tls/tls.crt
  - name: WEBHOOK_TLS_KEY_FILE
    value: /webhook/tls/tls.key
  - name: WEBHOOK_SECRET_FILE
    value: /webhook/secret/{{ .Values.poller.webhook.secretKey }}
  {{- end }}
  {{- include "sluice.listen" . | nindent 2 }}
  {{- with .Values.poller.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - name: metrics
    containerPort: 9090
    protocol: TCP
  {{- if .Values.poller.webhook.enabled }}
  - name: webhook
    containerPort: 9443
    protocol: TCP
  {{- end }}
# Ready once all objects are known: a poller that cannot start, for its configuration is wrong, ends an upgrade before an old pod leaves.
readinessProbe:
  httpGet:
    path: /readyz
    port: metrics
  periodSeconds: 5
livenessProbe:
  httpGet:
    path: /healthz
    port: metrics
  failureThreshold: 6
resources:
  {{- toYaml .Values.poller.resources | nindent 2 }}
securityContext:
  {{- include "sluice.locked" . | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/sluice
    readOnly: true
  - name: api-token
    mountPath: /var/run/secrets/kubernetes.io/serviceaccount
    readOnly: true
  {{- if .Values.poller.webhook.enabled }}
  - name: webhook-secret
    mountPath: /webhook/secret
    readOnly: true
  - name: webhook-tls
    mountPath: /webhook/tls
    readOnly: true
  {{- end }}
  {{- range $index, $name := .Values.poller.secrets }}
  - name: secret-{{ $index }}
    mountPath: /secrets/{{ $name }}
    readOnly: true
  {{- end }}
  {{- range $index, $name := .Values.poller.configMaps }}
  - name: configmap-{{ $index }}
    mountPath: /configmaps/{{ $name }}
    readOnly: true
  {{- end }}
  {{- range .Values.poller.extraVolumeMounts }}
  - {{- toYaml (merge (dict "readOnly" true) .) | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "sluice.pollerVolumes" -}}
- name: config
  configMap:
    name: {{ include "sluice.fullname" . }}-poller
# The token as Kubernetes itself would mount it, but in one container only.
- name: api-token
  projected:
    defaultMode: 288 # 0440, which some readers of YAML take for 440
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3607
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                apiVersion: v1
                fieldPath: metadata.namespace
      {{- if .Values.openshift.enabled }}
      # The authority of certificates that OpenShift makes.
      - configMap:
          name: openshift-service-ca.crt
          optional: true
          items:
            - key: service-ca.crt
              path: service-ca.crt
      {{- end }}
{{- if .Values.poller.webhook.enabled }}
- name: webhook-secret
  secret:
    secretName: {{ .Values.poller.webhook.secretName }}
    defaultMode: 288 # 0440, which some readers of YAML take for 440
- name: webhook-tls
  secret:
    secretName: {{ include "sluice.webhookTlsSecret" . }}
    defaultMode: 288 # 0440, which some readers of YAML take for 440
{{- end }}
{{- range $index, $name := .Values.poller.secrets }}
- name: secret-{{ $index }}
  secret:
    secretName: {{ $name }}
    defaultMode: 288 # 0440, which some readers of YAML take for 440
{{- end }}
{{- range $index, $name := .Values.poller.configMaps }}
- name: configmap-{{ $index }}
  configMap:
    name: {{ $name }}
{{- end }}
{{- with .Values.poller.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
