export { driverPurpose, Invitations, type InvitationsOptions } from './invitations.ts';
export { invitationLimits } from './limits.ts';
export type { Invitation, InvitationMail, InvitationMailer, Invited, NewInvitation } from './types.ts';
