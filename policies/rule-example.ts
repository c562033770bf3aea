/**
 * The alias of the rules' examples, with which each goes on: a Service whose addresses lie outside.
 *
 * @param port the name of its port, which says what the application sends
 * @returns documents of YAML, up to where the next one begins
 */
export function wikipedia(port: "tls" | "https"): string {
  return `apiVersion: v1
kind: Service
metadata: { name: my-wikipedia, namespace: default }
spec:
  ports: [{ name: ${port}, port: 443 }]
---
apiVersion: v1
kind: Endpoints
metadata: { name: my-wikipedia, namespace: default }
subsets:
  - addresses: [{ ip: 198.35.26.96 }]
    ports: [{ name: ${port}, port: 443 }]
---
`;
}
