/** Version of the words under Access, which each answer keeps: a new one when their meaning changes. */
export const accessTextVersion = 'access-1';
