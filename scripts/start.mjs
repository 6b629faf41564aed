import { launch } from './launch.mjs';

await launch({ output: 'dist/main.js', targets: ['server', 'templates', 'playground'], server: true });
