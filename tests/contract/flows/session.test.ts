import { walk } from '../../support/flow-driver.ts';
import { sessionWalk } from './session.walk.ts';

walk(sessionWalk, 'ROWS');
