/** Names a table among all tenants' tables, past ones included. */
export const tableKey = (tenant: string, name: string, uuid: string | undefined): string =>
  uuid === undefined ? `${tenant}/${name}` : `${tenant}/${name}/${uuid}`;
