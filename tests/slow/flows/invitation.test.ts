import { invitationWalk } from '../../contract/flows/invitation.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(invitationWalk, 'ALL');
