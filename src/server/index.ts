/** The servers: generation for programs, the Studio for people. */

export { type GenerationServer, type ServeOptions, startGenerationServer } from './generation/server.js';
export { isLoopback } from './guard.js';
export { type StudioOptions, type StudioServer, startStudio } from './studio/server.js';
