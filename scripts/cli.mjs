import { launch } from './launch.mjs';

await launch({ output: 'dist/cli.js', targets: ['server', 'templates'], server: false });
