import { externalSignInWalk } from '../../contract/flows/external-sign-in.walk.ts';
import { walk } from '../../support/flow-driver.ts';

walk(externalSignInWalk, 'ALL');
