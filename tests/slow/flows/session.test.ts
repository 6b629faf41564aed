import { sessionWalk } from '../../contract/flows/session.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(sessionWalk, 'ALL');
