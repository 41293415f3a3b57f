/** Where the service reports to; pino's logger is one. Objects become JSON, so text is escaped. */
export interface ServiceLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export const NO_LOG: ServiceLog = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
