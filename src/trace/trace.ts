/** Recorded traffic: CSV files, Twitter's cache traces and access logs, streamed in bounded memory. */
export { openRecords, openSpreadRecords } from './records.ts';
export { surveyTrace } from './survey.ts';
export * from './types.ts';
