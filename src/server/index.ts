/** The servers: generation for programs, the Studio for people. */
export { type GenerationServer, type ServeOptions, startGenerationServer } from './generation/server.js';
