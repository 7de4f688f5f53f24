/** Wem das Auto gehört und wie es weitergegeben wird. */
export default {
  claimTitle: 'Ihr Auto hinzufügen',
  claimText:
    'Geben Sie den Code ein, den Sie bekommen haben oder den das Auto zeigt. Von da an sehen Sie das Auto und entscheiden, wer es noch sieht.',
  claimCode: 'Code',
  claimHint: 'Zwölf Buchstaben und Ziffern, zum Beispiel K7QF-2M9X-P4TC',
  claim: 'Auto hinzufügen',
  claimed: '{name} gehört jetzt Ihnen',
  claimedText: 'Sie sehen, was es von diesem Moment an meldet. Was davor war, bleibt bei dem, der es damals hatte.',
  claimedOpen: 'Zum Auto',
  another: 'Noch eines hinzufügen',
  unknownCode: 'Diesen Code gibt es nicht, er wurde benutzt oder ist abgelaufen. Codes, die ein Auto zeigt, gelten zehn Minuten.',
  holder: 'Halter',
  yours: 'Ihres seit {date}',
  yoursEver: 'Ihres',
  yoursUntil: 'Ihres bis {date}',
  ofCustomer: '{name} seit {date}',
  ofPerson: 'Privater Halter seit {date}',
  handOver: 'Weitergeben',
  handOverText:
    'Erstellen Sie einen Code und geben Sie ihn dem neuen Halter. Sobald er benutzt wird, gehört das Auto ihm: Sie behalten, was Sie bis dahin gesehen haben, der neue Halter sieht davon nichts, und alle, denen Sie Zugriff gegeben haben, verlieren ihn.',
  makeCode: 'Code erstellen',
  code: 'Code für den neuen Halter',
  codeUntil: 'Gilt einmal, bis {date}. Ein neuer Code beendet diesen.',
} as const;
