"""What a browser is asked of the text in pictures: which stands over another, and which outside of its picture."""

from __future__ import annotations

OVER = """[...document.querySelectorAll('figure svg')].flatMap(s => {
  const texts = [...s.querySelectorAll('text')].filter(t => t.textContent).map(t => [t, t.getBoundingClientRect()]);
  return texts.flatMap(([one, a], at) => texts.slice(at + 1).filter(([, b]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3
  ).map(([other]) => one.textContent + ' over ' + other.textContent))})"""
OUTSIDE = """[...document.querySelectorAll('figure svg text')].filter(t => {
  const b = t.getBoundingClientRect(), s = t.ownerSVGElement.getBoundingClientRect();
  return b.left < s.left - 1 || b.right > s.right + 1 || b.bottom > s.bottom + 1 }).map(t => t.textContent)"""
