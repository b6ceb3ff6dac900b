export { address, get, patch, post, put, remove } from "./call";
export { asProblem, Problem } from "./problem";
export type * from "./types";
