import { messageWalk } from '../../contract/flows/message.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(messageWalk, 'ALL');
