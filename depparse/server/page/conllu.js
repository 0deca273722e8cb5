"use strict";
// CoNLL-U as rows of cells. What is not changed is written back as it was read.

const COLUMNS = ["ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"];

/** The sentences of a text in CoNLL-U: comments, and rows of ten cells. */
function readConllu(text) {
  const sentences = [];
  let sentence = null;
  for (const line of text.split("\n")) {
    if (!line.trim()) {
      sentence = null;
      continue;
    }
    if (sentence === null) {
      sentence = { comments: [], rows: [] };
      sentences.push(sentence);
    }
    if (line.startsWith("#")) sentence.comments.push(line);
    else sentence.rows.push(line.split("\t"));
  }
  return sentences.filter((one) => one.rows.length);
}

/** The sentences in CoNLL-U. */
function writeConllu(sentences) {
  return sentences.map((one) => [...one.comments, ...one.rows.map((row) => row.join("\t"))].join("\n") + "\n\n").join("");
}

/** Whether a text seems to be CoNLL-U: its first line without # has ten columns and begins with a number. */
function isConllu(text) {
  const line = text.split("\n").find((one) => one.trim() && !one.startsWith("#"));
  return line !== undefined && line.split("\t").length === 10 && /^\d/.test(line);
}

/** The value of a comment such as sent_id, or an empty text. */
function comment(sentence, key) {
  for (const line of sentence.comments) {
    const match = /^#\s*([^=]+?)\s*=\s?(.*)$/.exec(line);
    if (match && match[1] === key) return match[2];
  }
  return "";
}

/** The rows of words: neither multiword tokens nor empty nodes. */
function words(sentence) {
  return sentence.rows.filter((row) => /^\d+$/.test(row[0]));
}

/** Why the heads are no tree, in a sentence; an empty text if they are one. */
function treeProblem(sentence) {
  const heads = [0, ...words(sentence).map((row) => Number(row[6]))];
  const roots = heads.slice(1).filter((head) => head === 0).length;
  if (roots !== 1) return roots ? "several words have the head 0" : "no word has the head 0";
  for (let word = 1; word < heads.length; word += 1) {
    let steps = 0;
    for (let at = word; at !== 0; at = heads[at]) {
      if (!(heads[at] >= 0 && heads[at] < heads.length)) return `word ${at} has no head in the sentence`;
      steps += 1;
      if (steps > heads.length) return `the heads above word ${word} form a cycle`;
    }
  }
  return "";
}

/** The document as JSON: a list of sentences with their words and multiword tokens. */
function toJson(sentences) {
  const record = (row) => {
    const cells = Object.fromEntries(COLUMNS.map((name, column) => [name.toLowerCase(), row[column]]));
    return /^\d+$/.test(row[0]) ? { ...cells, id: Number(row[0]), head: /^\d+$/.test(row[6]) ? Number(row[6]) : null } : cells;
  };
  const list = sentences.map((one) => ({ comments: one.comments, words: one.rows.map(record) }));
  return JSON.stringify({ sentences: list }, null, 1) + "\n";
}
