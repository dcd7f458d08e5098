/** Variables that the command looks at; their names are all that it can see of the environment. */
export const VARIABLES = ["CHRIS_URL", "CHRIS_TOKEN", "NO_COLOR", "TERM"] as const;
