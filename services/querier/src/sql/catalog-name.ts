/** The catalog’s name for clients: the cluster. Its schemas are the tenants. */
export const catalogName = 'signaldb';
