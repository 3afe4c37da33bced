{{- /* Name of an object, of a component of this release; takes (list root component). A
name of 63 characters at most, which Services need, keeps its end. */ -}}
{{- define "coupons.name" -}}
{{- $component := index . 1 -}}
{{- $length := sub 62 (len $component) | int -}}
{{ printf "%s-%s" ((index . 0).Release.Name | trunc $length | trimSuffix "-") $component }}
{{- end }}

{{- define "coupons.labels" -}}
app.kubernetes.io/name: coupons
app.kubernetes.io/instance: {{ quote .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* Takes (list root component). */ -}}
{{- define "coupons.selector" -}}
app.kubernetes.io/name: coupons
app.kubernetes.io/instance: {{ quote (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 | quote }}
{{- end }}

{{- /* Environment of every process; takes the root. */ -}}
{{- define "coupons.env" -}}
- name: COUPON_DATA_DIR
  value: /var/lib/coupons/data
- name: COUPON_BIND_HOST
  value: 0.0.0.0
- name: COUPON_METRICS_HOST
  value: 0.0.0.0
- name: COUPON_METRICS_PORT
  value: {{ .Values.metricsPort | quote }}
- name: ADMIN_PORT
  value: {{ .Values.gateways.admin.port | quote }}
- name: QUERY_PORT
  value: {{ .Values.gateways.query.port | quote }}
{{- range .Values.secretKeys }}
- name: {{ . }}_FILE
  value: /run/secrets/coupons/{{ . }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  {{- /* Helm reads numbers of files as floating-point ones, such as 1e+06. */}}
  value: {{ ternary (int64 $value) $value (kindIs "float64" $value) | quote }}
{{- end }}
{{- end }}

{{- /* Pod template of every workload. Takes a dict: root, component, command (list),
resources, and optionally ports and probes (YAML), restartPolicy. */ -}}
{{- define "coupons.pod" -}}
{{- $root := .root -}}
metadata:
  labels:
    {{- include "coupons.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ quote .component }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
  securityContext: {{- toYaml $root.Values.podSecurityContext | nindent 4 }}
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if ne .component "migration" }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "coupons.selector" (list $root .component) | nindent 10 }}
  {{- end }}
  containers:
    - name: {{ quote .component }}
      image: "{{ $root.Values.image.repository }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}"
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command: [couponctl]
      args: {{- toYaml .command | nindent 8 }}
      env: {{- include "coupons.env" $root | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      resources: {{- toYaml .resources | nindent 8 }}
      {{- with .ports }}
      ports: {{- . | nindent 8 }}
      {{- end }}
      {{- with .probes }}
      {{- . | trim | nindent 6 }}
      {{- end }}
      volumeMounts:
        - {name: data, mountPath: /var/lib/coupons}
        - {name: tmp, mountPath: /tmp}
        - {name: secrets, mountPath: /run/secrets/coupons, readOnly: true}
  volumes:
    # Uploads, heartbeats and metrics files: nothing that must survive the pod.
    - name: data
      emptyDir: {}
    - name: tmp
      emptyDir: {}
    - name: secrets
      secret:
        secretName: {{ quote $root.Values.existingSecret }}
        defaultMode: 0440
        items:
          {{- range $root.Values.secretKeys }}
          - {key: {{ . }}, path: {{ . }}}
          {{- end }}
{{- end }}
