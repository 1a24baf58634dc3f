/** Why a batch can't become rows of a table; the message names the column. */
export class MisfitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MisfitError';
  }
}
