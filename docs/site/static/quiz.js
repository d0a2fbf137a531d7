// Corrects the quizzes. Without JavaScript the answers stay folded below each question.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form.quiz")) {
    const button = form.querySelector("button");
    const verdict = form.querySelector(".verdict");
    const reason = form.querySelector("details");
    button.hidden = false;
    reason.hidden = true;  // until the reader has answered
    form.addEventListener("submit", event => {
      event.preventDefault();
      const chosen = form.querySelector("input:checked");
      if (!chosen) return;
      const right = chosen.value === "1";
      verdict.textContent = right ? form.dataset.right : form.dataset.wrong;
      form.classList.toggle("right", right);
      form.classList.toggle("wrong", !right);
      reason.hidden = false;
      reason.open = right;
    });
  }
});
