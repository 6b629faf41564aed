import { walk } from '../../support/flow-driver.ts';
import { invitationWalk } from './invitation.walk.ts';

walk(invitationWalk, 'ROWS');
