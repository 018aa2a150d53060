#!/usr/bin/env node
'use strict';
// Two threads for native work, as the app's model host has (src-main/host/environment.ts says why). CommonJS,
// because Node reads a module's own file on those threads: then they are there, and four of them.
process.env.UV_THREADPOOL_SIZE ??= '2';
void import('./chimed.mjs');
