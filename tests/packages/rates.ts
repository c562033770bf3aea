/** What the programs of these tests create for their alias `rates`, in whatever language they are. */
export const RATES_CREATED = [
  "create DestinationRule rates-rule",
  "create DestinationRule rates-target-rule",
  "create EgressAlias rates",
  "create Namespace orders",
  "create Service rates-service",
  "create ServiceEntry rates-serviceentry",
  "create VirtualService rates-virtualservice",
];
