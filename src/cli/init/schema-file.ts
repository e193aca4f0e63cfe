/** What the schema of scenarios is called beside a scenario: relative to it, so that an editor needs no network. */
export const SCHEMA_FILE = 'scenario.schema.json'
