import { walk } from '../../support/flow-driver.ts';
import { messageWalk } from './message.walk.ts';

walk(messageWalk, 'ROWS');
