/** The style sheet of formulas, with its fonts: a part of its own, loaded with the first formula. */
import 'katex/dist/katex.min.css';
