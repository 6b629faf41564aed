import 'reflect-metadata';
import { ormOptions } from './src/orm.ts';

export default ormOptions({ url: process.env['DATABASE_URL'] ?? 'postgresql://127.0.0.1:5432/gatehouse' });
