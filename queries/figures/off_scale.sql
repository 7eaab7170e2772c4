-- Answers on another scale than their question has, by file, question and scale: no metric takes them.
-- Parameters: none
select path, item, lowest, highest, answers, nearest
from off_scale
order by answers desc nulls last, path, item, lowest, highest
